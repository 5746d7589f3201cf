//! The verdict for a distribution of which no wheel is at hand.

use crate::model::{Evidence, EvidenceKind, Judgement, Reason, SourceHint, Taken, Verdict};

/// What the choice of an installer says by itself, with what a source archive's lines hint at; none where it is a wheel,
/// whose modules decide.
#[must_use]
pub fn availability(taken: &Taken, hints: &[SourceHint]) -> Option<Judgement> {
    let (verdict, reason) = match taken {
        Taken::Wheel(_) => return None,
        Taken::SourceArchive(file) => (Verdict::SourceOnly, Reason::SourceArchive(file.name.clone())),
        Taken::Project(place) => (Verdict::SourceOnly, Reason::SourceArchive(place.clone())),
        Taken::Nothing(why) => (Verdict::NotAvailable, Reason::NoFile(why.clone())),
        // A hint is for the note; the verdict's reason is the line before it.
        Taken::Unread(note) => {
            let why = note.why.lines().next().unwrap_or_default();
            (Verdict::Undetermined, Reason::Unread(why.to_owned()))
        }
    };
    let evidence = hints.iter().map(|SourceHint { file, line, text }| {
        Evidence::new(
            EvidenceKind::Source,
            format!("its sources have, for what that is worth: {text} ({file}:{line})"),
        )
    });
    Some(Judgement { verdict, reason, evidence: evidence.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IndexFile, Note};

    #[test]
    fn what_cannot_be_installed_is_not_fine() {
        let file = IndexFile {
            name: "foo-1.0.tar.gz".to_owned(),
            url: String::new(),
            size: None,
            hashes: Vec::new(),
            yanked: None,
            requires_python: None,
            metadata: None,
        };
        let verdict = |taken| availability(&taken, &[]).map(|judged| judged.verdict);
        assert_eq!(verdict(Taken::Wheel(file.clone())), None);
        assert_eq!(verdict(Taken::SourceArchive(file)), Some(Verdict::SourceOnly));
        assert_eq!(verdict(Taken::Nothing("no file fits".to_owned())), Some(Verdict::NotAvailable));
        let unread = Note::unread("foo 1.0", "the index does not answer\nhint: try again");
        let judged = availability(&Taken::Unread(unread), &[]).unwrap();
        assert_eq!(judged.verdict, Verdict::Undetermined);
        assert_eq!(judged.reason.to_string(), "could not be read: the index does not answer");
    }
}
