//! What is said of an environment of another Python, instead of a line for each of its modules.

use crate::model::{ForeignEnvironment, Target};

/// In one sentence, and one more where there is something to know.
pub(super) fn sentence(environment: &ForeignEnvironment, targets: &[Target]) -> String {
    let ForeignEnvironment { source, python, distributions, modules, declared_not_used } = environment;
    let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
    let text = format!(
        "{source} is an environment of {python}: {} can use none of its extension modules ({modules} in \
         {distributions} {})",
        names.join(", "),
        plural(*distributions, "distribution"),
    );
    if !python.ends_with("with the GIL") {
        return text;
    }
    let declared = match declared_not_used {
        0 => "none of them declares that it does not need the GIL, which".to_owned(),
        1 => "1 of them declares that it does not need the GIL; that the others do not".to_owned(),
        several => format!("{several} of them declare that they do not need the GIL; that the others do not"),
    };
    format!("{text}; {declared} says nothing, since most builds for a Python with the GIL leave that out")
}

/// `module` or `modules`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_told_in_a_sentence() {
        let environment = |python: &str, declared_not_used| ForeignEnvironment {
            source: "venv/site-packages".to_owned(),
            python: python.to_owned(),
            distributions: 58,
            modules: 214,
            declared_not_used,
        };
        let told = |python, declared| sentence(&environment(python, declared), &Target::ALL[1..]);
        insta::assert_snapshot!(told("CPython 3.12 with the GIL", 0), @"venv/site-packages is an environment of CPython 3.12 with the GIL: 3.14t, 3.15t can use none of its extension modules (214 in 58 distributions); none of them declares that it does not need the GIL, which says nothing, since most builds for a Python with the GIL leave that out");
        insta::assert_snapshot!(told("CPython 3.12 with the GIL", 9), @"venv/site-packages is an environment of CPython 3.12 with the GIL: 3.14t, 3.15t can use none of its extension modules (214 in 58 distributions); 9 of them declare that they do not need the GIL; that the others do not says nothing, since most builds for a Python with the GIL leave that out");
        insta::assert_snapshot!(told("free-threaded CPython 3.13", 9), @"venv/site-packages is an environment of free-threaded CPython 3.13: 3.14t, 3.15t can use none of its extension modules (214 in 58 distributions)");
    }
}
