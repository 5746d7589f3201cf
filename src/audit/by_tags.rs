//! What wheels are for by their own names: the targets that the publisher's gate judges them for.

use crate::model::{Artifact, ArtifactKind, Note, Target, WheelName, shown, tags};
use crate::plan::Plan;
use std::path::Path;

/// What an artifact is judged for, and what there is to say where that is nothing.
pub(super) fn targets(artifact: &Artifact, plan: &Plan) -> (Vec<Target>, Option<Note>) {
    let file = artifact.path.file_name().map(Path::new).map(shown).unwrap_or_default();
    match file.parse::<WheelName>() {
        Ok(name) if plan.by_tags && artifact.kind == ArtifactKind::Wheel => {
            let tags = name.tags();
            let targets = tags::targets(&tags);
            let note = targets.is_empty().then(|| for_none(&file, &tags));
            (targets, note)
        }
        _ => (plan.targets.clone(), None),
    }
}

/// A wheel that no target installs. That it is for the GIL is fine with who made it so; one for a free-threaded Python
/// that is not known has not been looked at.
fn for_none(file: &str, tags: &[String]) -> Note {
    let short = tags::without_platforms(tags);
    if tags.iter().any(|tag| tags::is_free_threaded(tag)) {
        return Note::unread(
            file,
            format!(
                "is for {short}, a free-threaded Python that is not known here\nhint: look for a newer ftaudit"
            ),
        );
    }
    Note::told(file, format!("is for Pythons with the GIL ({short}): no free-threaded one installs it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_for_the_gil_is_passed_over_in_peace() {
        let note = |file: &str| for_none(file, &file.parse::<WheelName>().unwrap().tags());
        assert!(!note("foo-1.0-cp314-cp314-win_amd64.whl").unread);
        assert!(!note("foo-1.0-cp39-abi3-win_amd64.whl").unread);
        assert!(note("foo-1.0-cp316-cp316t-win_amd64.whl").unread);
        assert!(note("foo-1.0-cp316-abi3t-win_amd64.whl").unread);
    }
}
