//! The program: arguments in, exit status out.

use ftaudit::cli::{self, Cli, Command, Sandbox};
use ftaudit::confirm::sandbox::{self, Confinement};
use ftaudit::deliver::deliver;
use ftaudit::plan::{DiffPlan, InspectPlan, KnowledgePlan, Plan};
use ftaudit::{Error, log};
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = Cli::of_process().command;
    let ended = log::start(command.verbosity()).map_err(Error::from).and_then(|()| run(command));
    ended.unwrap_or_else(|error| {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{red}error{red:#}: {error}");
        ExitCode::from(2)
    })
}

fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Check(check) => return Ok(ftaudit::run(&Plan::of(check)?)?.into()),
        Command::Confirm(check) => return Ok(ftaudit::run(&Plan::of(check)?.confirming())?.into()),
        Command::Dashboard(wanted) => return Ok(ftaudit::dashboard(&wanted.folder, &wanted.output)?.into()),
        Command::Diff(diff) => return Ok(ftaudit::diff(&DiffPlan::of(diff)?)?.into()),
        Command::Db(command) => return Ok(ftaudit::knowledge(&KnowledgePlan::of(command)?)?.into()),
        Command::Sandbox(Sandbox { read, write, parent, program, arguments }) => {
            let confinement = Confinement { read, write };
            return Ok(sandbox::become_program(&confinement, parent, &program, &arguments));
        }
        Command::Init => ftaudit::init()?,
        Command::Python(_) => deliver(&ftaudit::pythons(), None)?,
        Command::Inspect(inspect) => ftaudit::inspect_module(&InspectPlan::from(inspect))?,
        Command::Explain(explain) => deliver(&ftaudit::explain(&explain.rule), None)?,
        Command::Completions(wanted) => deliver(&cli::completions(wanted.shell), None)?,
        Command::Man(man) => ftaudit::manual(&man)?,
    }
    Ok(ExitCode::SUCCESS)
}
