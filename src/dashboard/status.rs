//! Whether something is ready for a free-threaded Python.

use crate::model::VerdictId;

/// How ready, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Status {
    /// Everything leaves the GIL off.
    Ready,
    /// Nothing is known to stand in the way, and not everything is known.
    Unknown,
    /// Something stands in the way.
    HeldBack,
}

impl Status {
    pub(super) const ALL: [Self; 3] = [Self::Ready, Self::Unknown, Self::HeldBack];

    /// What a report's verdict comes to. One that this version does not know is no good news.
    pub(super) fn of_verdict(id: &str) -> Self {
        match VerdictId::of(id) {
            verdict if verdict.is_fine() => Self::Ready,
            verdict if verdict.is_unknown() => Self::Unknown,
            _ => Self::HeldBack,
        }
    }

    /// The identifier; the style has a class of this name.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unknown => "unknown",
            Self::HeldBack => "held-back",
        }
    }

    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Ready => "✓",
            Self::Unknown => "?",
            Self::HeldBack => "●",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unknown => "not known",
            Self::HeldBack => "held back",
        }
    }

    /// The greater, the worse.
    pub(super) const fn rank(self) -> usize {
        match self {
            Self::Ready => 0,
            Self::Unknown => 1,
            Self::HeldBack => 2,
        }
    }
}

/// How many are how ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally([usize; 3]);

impl Tally {
    pub(super) fn add(&mut self, status: Status) {
        self.0[status.rank()] += 1;
    }

    /// Takes back what was added before.
    pub(super) fn remove(&mut self, status: Status) {
        self.0[status.rank()] = self.0[status.rank()].saturating_sub(1);
    }

    pub(super) fn count(&self, status: Status) -> usize {
        self.0[status.rank()]
    }

    /// Of everything, best first.
    pub(super) fn counts(&self) -> [(Status, usize); 3] {
        Status::ALL.map(|status| (status, self.count(status)))
    }

    /// Those that are not ready.
    pub(super) fn not_ready(&self) -> usize {
        self.total() - self.count(Status::Ready)
    }

    pub(super) fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The worst that there is; nothing at all is no good news either.
    pub(super) fn status(&self) -> Status {
        let worst = Status::ALL.into_iter().rev().find(|status| self.count(*status) > 0);
        worst.unwrap_or(Status::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_fine_is_ready() {
        assert_eq!(Status::of_verdict("gil-free"), Status::Ready);
        assert_eq!(Status::of_verdict("pure-python"), Status::Ready);
        assert_eq!(Status::of_verdict("undetermined"), Status::Unknown);
        assert_eq!(Status::of_verdict("source-only"), Status::Unknown);
        assert_eq!(Status::of_verdict("of-a-later-version"), Status::Unknown);
        assert_eq!(Status::of_verdict("requires-gil"), Status::HeldBack);
        assert_eq!(Status::of_verdict("not-available"), Status::HeldBack);
    }

    #[test]
    fn nothing_is_not_ready() {
        let mut tally = Tally::default();
        assert_eq!(tally.status(), Status::Unknown);
        tally.add(Status::Ready);
        assert_eq!(tally.status(), Status::Ready);
        tally.add(Status::Unknown);
        assert_eq!(tally.status(), Status::Unknown);
        tally.add(Status::HeldBack);
        assert_eq!((tally.status(), tally.total()), (Status::HeldBack, 3));
        tally.remove(Status::HeldBack);
        assert_eq!(tally.status(), Status::Unknown);
    }
}
