//! The one module of an artifact that is meant.

use super::Unpacked;
use crate::model::{Distribution, Member, ModuleName};
use std::fmt::Write;

/// Names that a message lists: those of a wheel that has more are better looked up.
const LISTED: usize = 40;

/// Why no module was chosen. Always the caller's slip, or a file that is not what it seems.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// There is none to choose from.
    #[error("{0} holds no extension module")]
    Empty(String),
    /// Several, and none was named.
    #[error("{source_name} holds {} extension modules{}\nhint: name one with --member", .members.len(), list(.members))]
    Several {
        /// The artifact.
        source_name: String,
        /// Its modules.
        members: Vec<String>,
    },
    /// None of that name.
    #[error("{source_name} holds no extension module {wanted:?}; it has{}\nhint: give a path as it is listed here, or the module's dotted name", list(.members))]
    Missing {
        /// The artifact.
        source_name: String,
        /// What was asked for.
        wanted: String,
        /// Its modules.
        members: Vec<String>,
    },
}

fn list(members: &[String]) -> String {
    let mut text = String::new();
    for member in members.iter().take(LISTED) {
        let _ = write!(text, "\n  {}", member.escape_debug());
    }
    if members.len() > LISTED {
        let _ = write!(text, "\n  … and {} more", members.len() - LISTED);
    }
    text
}

impl Unpacked {
    /// The module with this path or this dotted name; without either, the only one.
    ///
    /// # Errors
    /// Where that says none, or leaves several.
    pub fn choose(&self, wanted: Option<&str>) -> Result<(&Distribution, &Member), ChooseError> {
        let all = || {
            let distributions = self.distributions.iter();
            distributions.flat_map(|owner| owner.members.iter().map(move |member| (owner, member)))
        };
        let source_name =
            || self.distributions.first().map_or_else(String::new, |owner| owner.source.clone());
        let members = || all().map(|(_, member)| member.path.clone()).collect();
        let Some(wanted) = wanted else {
            let mut all = all();
            return match (all.next(), all.next()) {
                (None, _) => Err(ChooseError::Empty(source_name())),
                (Some(only), None) => Ok(only),
                (Some(_), Some(_)) => {
                    Err(ChooseError::Several { source_name: source_name(), members: members() })
                }
            };
        };
        let by_path = all().find(|(_, member)| member.path == wanted);
        let by_name = || all().find(|(_, member)| ModuleName::of_member(&member.path).dotted == wanted);
        by_path.or_else(by_name).ok_or_else(|| ChooseError::Missing {
            source_name: source_name(),
            wanted: wanted.to_owned(),
            members: members(),
        })
    }
}
