//! The program: arguments in, exit status out.

use ftaudit::cli::{self, Cli, Command, Dashboard, Sandbox};
use ftaudit::confirm::sandbox::{self, Confinement};
use ftaudit::plan::{DiffPlan, InspectPlan, KnowledgePlan, Plan};
use ftaudit::{Error, deliver};
use std::process::ExitCode;

fn main() -> ExitCode {
    let print = |text: &str| deliver::deliver(text, None).map(|()| ExitCode::SUCCESS).map_err(Error::from);
    let ended = match Cli::of_process().command {
        Command::Check(check) => Plan::of(check).and_then(|plan| ftaudit::run(&plan)).map(ExitCode::from),
        Command::Confirm(check) => {
            Plan::of(check).and_then(|plan| ftaudit::run(&plan.confirming())).map(ExitCode::from)
        }
        Command::Dashboard(Dashboard { folder, output }) => {
            ftaudit::dashboard(&folder, &output).map(ExitCode::from)
        }
        Command::Diff(diff) => DiffPlan::of(diff).and_then(|plan| ftaudit::diff(&plan)).map(ExitCode::from),
        Command::Init => ftaudit::init().map(|()| ExitCode::SUCCESS),
        Command::Db(command) => {
            KnowledgePlan::of(command).and_then(|plan| ftaudit::knowledge(&plan)).map(ExitCode::from)
        }
        Command::Python(_) => print(&ftaudit::pythons()),
        Command::Sandbox(Sandbox { read, write, parent, program, arguments }) => {
            return sandbox::become_program(&Confinement { read, write }, parent, &program, &arguments);
        }
        Command::Inspect(inspect) => {
            ftaudit::inspect_module(&InspectPlan::from(inspect)).map(|()| ExitCode::SUCCESS)
        }
        Command::Explain(explain) => print(&ftaudit::explain(&explain.rule)),
        Command::Completions(wanted) => print(&cli::completions(wanted.shell)),
        Command::Man(man) => ftaudit::manual(&man).map(|()| ExitCode::SUCCESS),
    };
    ended.unwrap_or_else(|error| {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{red}error{red:#}: {error}");
        ExitCode::from(2)
    })
}
