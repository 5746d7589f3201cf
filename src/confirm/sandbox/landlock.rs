//! Which files may be read and written, by Landlock (Linux 5.13 and later). What older versions of it leave open is
//! closed by [`super::syscalls`].

use super::{Confinement, SandboxError};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use std::path::Path;

/// The newest version that this program knows of; of older ones as much as there is is used.
const VERSION: ABI = ABI::V6;

/// Holds this process to what it may read and write, from now on.
pub(super) fn restrict(confinement: &Confinement) -> Result<(), SandboxError> {
    let restricted = ruleset(confinement).and_then(RulesetCreated::restrict_self);
    let status = restricted
        .map_err(|error| SandboxError::Refused { what: "Landlock", why: error.to_string() })?
        .ruleset;
    if status == RulesetStatus::NotEnforced {
        let why = "this kernel has no Landlock, which keeps the imported code from the user's files";
        return Err(SandboxError::Missing(why.to_owned()));
    }
    Ok(())
}

fn ruleset(confinement: &Confinement) -> Result<RulesetCreated, RulesetError> {
    let read = AccessFs::from_read(VERSION);
    let device = AccessFs::ReadFile | AccessFs::WriteFile;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(VERSION))?
        .handle_access(AccessNet::from_all(VERSION))?
        .scope(Scope::from_all(VERSION))?
        .create()?
        .add_rules(path_beneath_rules(&confinement.read, read))?
        .add_rules(path_beneath_rules([&confinement.write], AccessFs::from_all(VERSION)))?
        .add_rules(one("/dev/null", device))
}

/// A rule for one file, where it is there.
fn one(
    path: impl AsRef<Path>,
    access: BitFlags<AccessFs>,
) -> impl Iterator<Item = Result<PathBeneath<PathFd>, RulesetError>> {
    PathFd::new(path).ok().map(|file| Ok(PathBeneath::new(file, access))).into_iter()
}
