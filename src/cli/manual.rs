//! The manual, made by `clap_mangen` of the clap structs: a page for the program, and one for each command.

use super::Cli;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::io;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ManualError {
    /// Mostly a word that is misspelt.
    #[error("ftaudit has no command `{0}`\nhint: `ftaudit --help` lists the commands")]
    NoCommand(String),
    /// A fault of this program.
    #[error("the page cannot be made: {0}\nhint: this is a bug; please report it")]
    Render(#[from] io::Error),
}

/// A page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The file that `man` looks for: `ftaudit-check.1`.
    pub file: String,
    /// The page, in the language of `man`.
    pub text: String,
}

/// The page of a command (`["python", "list"]`), or of the program where no words are given.
///
/// # Errors
/// When there is no such command.
pub fn page(words: &[String]) -> Result<Page, ManualError> {
    let program = program();
    let mut command = &program;
    for word in words {
        command = shown(command)
            .find(|one| one.get_name() == word)
            .ok_or_else(|| ManualError::NoCommand(words.join(" ")))?;
    }
    render(command)
}

/// Every page.
///
/// # Errors
/// When one cannot be made.
pub fn pages() -> Result<Vec<Page>, ManualError> {
    let program = program();
    let mut commands = vec![&program];
    let mut next = 0;
    while let Some(command) = commands.get(next).copied() {
        commands.extend(shown(command));
        next += 1;
    }
    commands.into_iter().map(render).collect()
}

/// With the full names of its commands, and without `help`, which has nothing to say of itself.
fn program() -> Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help")
}

fn render(command: &Command) -> Result<Page, ManualError> {
    let man = Man::new(command.clone()).manual("ftaudit manual");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if shown(command).next().is_some() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(more) = command.get_after_long_help().or(command.get_after_help()) {
        section(&more.to_string()).to_writer(&mut text)?;
    }
    Ok(Page { file: man.get_filename(), text: String::from_utf8_lossy(&text).into_owned() })
}

/// What stands below the options in `--help`: its first line is the title, and the others are set as they are.
fn section(text: &str) -> Roff {
    let (title, lines) = text.split_once(":\n").unwrap_or(("More", text));
    let mut roff = Roff::new();
    roff.control("SH", [title.to_uppercase().as_str()]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}
