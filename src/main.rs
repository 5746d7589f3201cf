//! The program: arguments in, exit status out.

use ftaudit::cli::{Cli, Command};
use ftaudit::{Error, deliver, plan::Plan};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = match Cli::of_process().command {
        Command::Check(check) => ftaudit::run(&Plan::from(check)).map(ExitCode::from),
        Command::Confirm(check) => ftaudit::run(&Plan::from(check).confirming()).map(ExitCode::from),
        Command::Python(_) => {
            deliver::deliver(&ftaudit::pythons(), None).map(|()| ExitCode::SUCCESS).map_err(Error::from)
        }
        Command::Sandbox(wanted) => return ftaudit::become_sandboxed(&wanted),
        Command::Explain(explain) => {
            let text = ftaudit::explain(&explain.rule);
            deliver::deliver(&text, None).map(|()| ExitCode::SUCCESS).map_err(Error::from)
        }
    };
    ended.unwrap_or_else(|error| {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{red}error{red:#}: {error}");
        ExitCode::from(2)
    })
}
