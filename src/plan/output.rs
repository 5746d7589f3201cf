//! Which reports are written where, and how the one for people looks there.

use crate::cli::{Check, Color, Diff, DiffFormat, Format, FormatOption, Spelled};
use crate::deliver;
use crate::report::Folders;
use crate::report::human::{Detail, Layout, View};
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};

/// One report that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output<F = Format> {
    /// How it is written.
    pub format: F,
    /// Where it goes; standard output where there is none.
    pub file: Option<PathBuf>,
    /// How it looks, if it is for people.
    pub layout: Layout,
}

/// What is asked for cannot all be written: a fault of the command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// Two reports, one behind the other, are neither.
    #[error(
        "the reports `{0}` and `{1}` would both be written to {2}\n\
         hint: name a file for one of them: --format {0}=FILE"
    )]
    OnePlace(String, String, String),
    /// Each format has a file of its own.
    #[error(
        "--output is for a report whose format names no file, and every --format names one\n\
         hint: leave --output out, or add a format to it: --format human"
    )]
    NoReportForOutput,
    /// One file, for two purposes.
    #[error("{} would be written twice\nhint: name another file for one of the two", .0.display())]
    OneFile(PathBuf),
}

/// The reports of an audit, each with its place.
pub(super) fn of_check(check: &Check) -> Result<Vec<Output>, OutputError> {
    let detail = match (check.quiet || check.summary, check.verbose) {
        (true, _) => Detail::Summary,
        (_, 1..) => Detail::Everything,
        _ => Detail::Normal,
    };
    let view = if check.matrix { View::Matrix } else { View::List };
    let look = Layout { detail, view, explains: check.explain, ..Layout::plain() };
    let others = [&check.policy.write_baseline, &check.project.fix_to];
    let others = others.into_iter().filter_map(Option::as_deref).collect();
    resolve(&check.formats, Format::Human, check.output.as_deref(), others, (look, check.color))
}

/// The same of a comparison.
pub(super) fn of_diff(diff: &Diff) -> Result<Vec<Output<DiffFormat>>, OutputError> {
    let detail = if diff.quiet { Detail::Summary } else { Detail::Normal };
    let look = Layout { detail, ..Layout::plain() };
    resolve(&diff.formats, DiffFormat::Human, diff.output.as_deref(), Vec::new(), (look, diff.color))
}

/// `others` are files that are written too.
fn resolve<F: Spelled + Clone>(
    formats: &[FormatOption<F>],
    default: F,
    output: Option<&Path>,
    others: Vec<&Path>,
    (look, color): (Layout, Color),
) -> Result<Vec<Output<F>>, OutputError> {
    let default = [FormatOption { format: default, file: None }];
    let formats = if formats.is_empty() { &default } else { formats };
    if output.is_some() && formats.iter().all(|format| format.file.is_some()) {
        return Err(OutputError::NoReportForOutput);
    }
    let place = |FormatOption { format, file }: &FormatOption<F>| {
        let file = file.as_deref().or(output).filter(|path| *path != Path::new("-"));
        let layout = laid_out(look, color, file.is_none());
        Output { format: format.clone(), file: file.map(Path::to_owned), layout }
    };
    let outputs: Vec<Output<F>> = formats.iter().map(place).collect();
    for (index, output) in outputs.iter().enumerate() {
        if let Some(other) = outputs[..index].iter().find(|other| other.file == output.file) {
            let place = output.file.as_ref().map(|path| path.display().to_string());
            let place = place.unwrap_or_else(|| "standard output".to_owned());
            return Err(OutputError::OnePlace(other.format.id(), output.format.id(), place));
        }
    }
    let mut files: Vec<&Path> = outputs.iter().filter_map(|output| output.file.as_deref()).collect();
    files.extend(others);
    match deliver::named_twice(&files) {
        Some(file) => Err(OutputError::OneFile(file.to_owned())),
        None => Ok(outputs),
    }
}

/// As it fits where it goes.
fn laid_out(look: Layout, color: Color, to_stdout: bool) -> Layout {
    let coloured = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => to_stdout && terminal_wants_colours(),
    };
    let on_terminal = to_stdout && stdout().is_terminal();
    let columns = if on_terminal { textwrap::termwidth().max(MIN_WIDTH) } else { MIN_WIDTH };
    Layout { coloured, columns, width: columns.min(MAX_WIDTH), ..look }
}

/// The current folder, and the top of the checkout that it is in: where a code host runs the program, it says so.
pub(super) fn folders() -> Folders {
    let current = std::env::current_dir().unwrap_or_default();
    let named = CHECKOUT_VARIABLES.iter().filter_map(std::env::var_os);
    let mut checkouts = named.filter_map(|folder| PathBuf::from(folder).canonicalize().ok());
    let checkout = checkouts.find(|folder| current.starts_with(folder)).unwrap_or_else(|| current.clone());
    Folders { current, checkout }
}

/// GitHub's and GitLab's.
const CHECKOUT_VARIABLES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// Files and pipes get lines of this width, and so does a narrower terminal.
const MIN_WIDTH: usize = 80;
/// Sentences are hard to read in lines that are any longer.
const MAX_WIDTH: usize = 120;

/// Honours `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`.
fn terminal_wants_colours() -> bool {
    anstream::AutoStream::choice(&stdout()) != anstream::ColorChoice::Never
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    fn outputs(arguments: &[&str]) -> Result<Vec<Output>, OutputError> {
        let cli = Cli::try_parse_from([&["ftaudit", "check", "x.whl"], arguments].concat()).unwrap();
        let Command::Check(check) = cli.command else { panic!("check was asked for") };
        of_check(&check)
    }

    fn places(arguments: &[&str]) -> Vec<(Format, Option<String>)> {
        let place = |output: Output| (output.format, output.file.map(|file| file.display().to_string()));
        outputs(arguments).unwrap().into_iter().map(place).collect()
    }

    #[test]
    fn every_format_goes_where_it_says_and_the_one_that_does_not_where_output_says() {
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(places(&[]), [(Format::Human, None)]);
        assert_eq!(places(&["--format", "json"]), [(Format::Json, None)]);
        assert_eq!(places(&["--format", "json", "--output", "a"]), [(Format::Json, file("a"))]);
        assert_eq!(
            places(&["--format", "json=a=b", "--format", "human", "--format", "json=c"]),
            [(Format::Json, file("a=b")), (Format::Human, None), (Format::Json, file("c"))]
        );
        assert_eq!(
            places(&["--format", "json=-", "--format", "human", "--output", "a"]),
            [(Format::Json, None), (Format::Human, file("a"))]
        );
    }

    #[test]
    fn two_reports_never_share_a_place() {
        let stdout =
            || OutputError::OnePlace("json".to_owned(), "human".to_owned(), "standard output".into());
        assert_eq!(outputs(&["--format", "json", "--format", "human"]), Err(stdout()));
        assert_eq!(outputs(&["--format", "json=-", "--format", "human"]), Err(stdout()));
        let both = ["--format", "json", "--format", "human=a", "--output", "a"];
        assert!(matches!(outputs(&both), Err(OutputError::OnePlace(.., place)) if place == "a"));
        let file = |name: &str| Err(OutputError::OneFile(PathBuf::from(name)));
        assert_eq!(outputs(&["--format", "json=a", "--format", "human=./a"]), file("./a"));
        assert_eq!(outputs(&["--format", "json=a", "--write-baseline", "a"]), file("a"));
        for named in ["json=a", "json=-"] {
            let all_named = ["--format", named, "--output", "b"];
            assert_eq!(outputs(&all_named), Err(OutputError::NoReportForOutput));
        }
    }

    #[test]
    fn quiet_and_verbose_say_how_much_is_told() {
        let detail = |arguments: &[&str]| outputs(arguments).unwrap()[0].layout.detail;
        assert_eq!(detail(&[]), Detail::Normal);
        assert_eq!(detail(&["-q"]), Detail::Summary);
        assert_eq!(detail(&["--summary"]), Detail::Summary);
        assert_eq!(detail(&["-v"]), Detail::Everything);
        assert_eq!(detail(&["-vv"]), Detail::Everything);
    }

    #[test]
    fn a_file_has_no_colours_unless_they_are_asked_for() {
        let coloured =
            |when| outputs(&["--format", "human=report.txt", "--color", when]).unwrap()[0].layout.coloured;
        assert!(!coloured("auto"));
        assert!(!coloured("never"));
        assert!(coloured("always"));
    }
}
