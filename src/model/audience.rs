//! Whom an audit speaks to.

/// Whom an audit speaks to: the facts are the same, and what can be done about them is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// Somebody who wants to use the packages, and can choose others or ask upstream.
    #[default]
    User,
    /// Somebody who is about to publish them, and can change them.
    Publisher,
}

impl Audience {
    /// What is said to this one.
    pub fn pick<T>(self, user: T, publisher: T) -> T {
        match self {
            Self::User => user,
            Self::Publisher => publisher,
        }
    }
}
