//! The program: arguments in, exit status out.

use ftaudit::cli::{Cli, Command};
use ftaudit::plan::{InspectPlan, Plan};
use ftaudit::{Error, deliver};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = match Cli::of_process().command {
        Command::Check(check) => ftaudit::run(&Plan::from(check)).map(ExitCode::from),
        Command::Inspect(inspect) => {
            ftaudit::inspect_module(&InspectPlan::from(inspect)).map(|()| ExitCode::SUCCESS)
        }
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
