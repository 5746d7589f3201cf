//! Scripts for shells, made by `clap_complete` of the clap structs: nothing in them is written twice.

use super::Cli;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

/// The script that lets a shell complete command lines.
#[must_use]
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown(&Cli::command()), "ftaudit", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The same without what `--help` hides too: some shells are offered it all the same.
fn shown(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let commands = command.get_subcommands().filter(|one| !one.is_hide_set());
    let copy = Command::new(command.get_name().to_owned())
        .args(arguments.map(Arg::clone))
        .subcommands(commands.map(shown))
        .about(command.get_about().cloned().unwrap_or_default());
    match command.get_version() {
        Some(version) => copy.version(version.to_owned()),
        None => copy,
    }
}
