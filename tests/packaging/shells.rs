//! `ftaudit completions`: what real shells complete with it.

use crate::tools::{self, of_system};
use std::fs;

/// What a shell says of command lines.
fn completed(shell: &str, arguments: &[&str], question: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("_ftaudit"), crate::printed(&["completions", shell])).unwrap();
    fs::write(folder.path().join("question"), question).unwrap();
    let mut command = of_system(shell, folder.path());
    let ran = tools::run(command.args(arguments).arg("question").env("HOME", folder.path())).ends(0);
    assert_eq!(ran.stderr, "", "{shell} complains");
    ran.stdout.split_whitespace().map(str::to_owned).collect()
}

/// Commands, options, and the values that an option takes; nothing that `--help` hides.
fn hold(shell: &str, arguments: &[&str], question: impl Fn(&str) -> String) {
    let complete = |line: &str| completed(shell, arguments, &question(line));
    let commands = complete("ftaudit ");
    for command in ["check", "confirm", "inspect", "explain", "completions", "man"] {
        assert!(commands.iter().any(|one| one == command), "{shell}: {command} is not in {commands:?}");
    }
    assert!(!commands.iter().any(|one| one.contains("sandbox")), "{shell}: {commands:?}");
    let options = complete("ftaudit check --ta");
    assert!(options.contains(&"--target".to_owned()), "{shell}: {options:?}");
    let hidden = complete("ftaudit check --one");
    assert!(!hidden.contains(&"--one-by-one".to_owned()), "{shell}: {hidden:?}");
    let targets = complete("ftaudit check --target 3.1");
    for target in ["3.13t", "3.14t", "3.15t"] {
        assert!(targets.iter().any(|one| one == target), "{shell}: {target} is not in {targets:?}");
    }
    // `clap_complete` offers fish no values of arguments without a name.
    let rules = complete("ftaudit explain gil-r");
    assert!(shell == "fish" || rules.contains(&"gil-reenabled".to_owned()), "{shell}: {rules:?}");
}

#[test]
fn bash() {
    let question = |line: &str| {
        format!(
            "source ./_ftaudit\n\
             line='{line}'; COMP_WORDS=($line); [[ $line == *' ' ]] && COMP_WORDS+=('')\n\
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _ftaudit ftaudit \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        )
    };
    if tools::wanted() {
        hold("bash", &["--norc"], question);
    }
}

#[test]
fn fish() {
    let question = |line: &str| {
        format!(
            "source ./_ftaudit\n\
             for found in (complete -C '{line}')\n\
             string split -f 1 -- \\t $found\n\
             end\n\
             true\n"
        )
    };
    if tools::wanted() {
        hold("fish", &["--no-config"], question);
    }
}

/// zsh completes at a terminal only: one of its own (`zpty`) is given the line and a tabulator. `compadd` is what
/// completion functions offer matches with, and `comppostfuncs` is called when they are done.
#[test]
fn zsh() {
    const SETUP: &str = r#"
        fpath=($PWD $fpath)
        autoload -U compinit
        compinit -u -D
        compadd() {
            local -a hits
            [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] || { builtin compadd -A hits "$@"; print -rl -- '' $hits; }
            builtin compadd "$@"
        }
        ended() { print -r -- EN''DED }
        comppostfuncs=(ended)
        print REA''DY
    "#;
    let question = |line: &str| {
        format!(
            "cat > setup <<'END'\n{SETUP}\nEND\n\
             zmodload zsh/zpty\n\
             zpty shell zsh -f -i\n\
             zpty -w shell 'source ./setup'\n\
             zpty -r -m shell ignored '*READY*'\n\
             zpty -n -w shell '{line}'$'\\t'\n\
             zpty -r -m shell answer '*ENDED*'\n\
             print -r -- \"$answer\"\n"
        )
    };
    if tools::wanted() {
        hold("zsh", &["-f"], question);
    }
}
