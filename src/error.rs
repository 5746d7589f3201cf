//! What ends the program before its job is done. Apart from the flow, which is read without this.

use crate::acquire::{index, project};
use crate::model::Note;
use crate::{cli, config, confirm, dashboard, db, deliver, diff, log, plan, policy, saved, unpack};
use std::path::PathBuf;

/// What ends the program before its job is done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None of the inputs holds anything to audit, or none can be read. The notes say which and why.
    #[error("nothing could be audited{}", causes(.0))]
    Nothing(Vec<Note>),
    /// The report could not be written.
    #[error(transparent)]
    Deliver(#[from] deliver::DeliverError),
    /// The reports that are asked for have no place of their own.
    #[error(transparent)]
    Output(#[from] plan::OutputError),
    /// What is to be told of the run makes no sense.
    #[error(transparent)]
    Log(#[from] log::LogError),
    /// A report that is to be compared cannot be read.
    #[error(transparent)]
    Saved(#[from] saved::SavedError),
    /// Two reports have nothing in common.
    #[error(transparent)]
    NoCommonTarget(#[from] diff::NoCommonTarget),
    /// The report could not be made: a fault of this program.
    #[error("cannot write the report as JSON: {0}\nhint: this is a bug; please report it")]
    Json(#[from] serde_json::Error),
    /// The page could not be made: a fault of this program.
    #[error("cannot write the report as HTML: {0}\nhint: this is a bug; please report it")]
    Html(#[from] askama::Error),
    /// The same of another format.
    #[error("cannot write the report: {0}\nhint: this is a bug; please report it")]
    Render(std::io::Error),
    /// The site could not be made.
    #[error(transparent)]
    Dashboard(#[from] dashboard::DashboardError),
    /// Nothing was named, and the current folder does not say what is wanted.
    #[error(
        "nothing was named, and there is no lock file, requirements.txt or pyproject.toml in this folder\n\
         hint: name a wheel, an environment, a requirements file (-r FILE) or a requirement (lxml==6.1.3)"
    )]
    NothingNamed,
    /// The user has had enough.
    #[error("interrupted: what was measured before that is written, and the same command goes on from there")]
    Interrupted,
    /// There is nothing to measure.
    #[error(
        "no package was named\nhint: name one (lxml, lxml==6.1.3), or a file with one on each line (-r FILE)"
    )]
    NoPackage,
    /// A file that names packages cannot be read, or a line of it names none.
    #[error("{}{}: {why}", path.display(), line.map_or(String::new(), |line| format!(":{line}")))]
    PackageList {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: Option<usize>,
        /// What is wrong.
        why: String,
    },
    /// What a project asks for cannot be read.
    #[error(transparent)]
    Project(#[from] project::ProjectError),
    /// There is no index to look wheels up in.
    #[error(transparent)]
    Settings(#[from] index::SettingsError),
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// A database is refused.
    #[error(transparent)]
    Database(#[from] db::DatabaseError),
    /// The baseline is refused.
    #[error(transparent)]
    Baseline(#[from] policy::BaselineError),
    /// An interpreter that the user named is of no use.
    #[error(transparent)]
    Interpreter(#[from] confirm::InterpreterError),
    /// It is not clear which module is to be inspected.
    #[error(transparent)]
    Choose(#[from] unpack::ChooseError),
    /// The one module that was to be inspected could not be read.
    #[error("{0}")]
    Unread(Note),
    /// There is no such page of the manual.
    #[error(transparent)]
    Manual(#[from] cli::ManualError),
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try a small number with --jobs")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The notes, and what to do where none of them says it.
fn causes(notes: &[Note]) -> String {
    let mut text: String =
        notes.iter().map(ToString::to_string).flat_map(|note| ["\n".to_owned(), note]).collect();
    if !text.contains("\nhint: ") {
        text += "\nhint: name a wheel, an extension module, or a folder that holds some (a virtual environment, a \
                 site-packages)";
    }
    text.replace('\n', "\n  ")
}
