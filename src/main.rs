//! The program: arguments in, exit status out.

use ftaudit::cli::{Cli, Command, Sandbox};
use ftaudit::confirm::sandbox::{self, Confinement};
use ftaudit::plan::{InspectPlan, KnowledgePlan, Plan};
use ftaudit::{Error, deliver};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ended = match Cli::of_process().command {
        Command::Check(check) => Plan::of(check).and_then(|plan| ftaudit::run(&plan)).map(ExitCode::from),
        Command::Confirm(check) => {
            Plan::of(check).and_then(|plan| ftaudit::run(&plan.confirming())).map(ExitCode::from)
        }
        Command::Init => ftaudit::init().map(|()| ExitCode::SUCCESS),
        Command::Db(command) => {
            KnowledgePlan::of(command).and_then(|plan| ftaudit::knowledge(&plan)).map(ExitCode::from)
        }
        Command::Python(_) => {
            deliver::deliver(&ftaudit::pythons(), None).map(|()| ExitCode::SUCCESS).map_err(Error::from)
        }
        Command::Sandbox(Sandbox { read, write, parent, program, arguments }) => {
            return sandbox::become_program(&Confinement { read, write }, parent, &program, &arguments);
        }
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
