//! Annotations in the log of a GitHub Actions job, as [`crate::report::github`] writes them.

use super::{details, name, sentence};
use crate::model::{Change, ChangeWeight, Difference};
use crate::report::github::{SHOWN, command};

/// Writes an annotation for each change that counts, worst first, and one that sums up.
#[must_use]
pub fn render(difference: &Difference) -> String {
    let mut lines = Vec::new();
    for (kind, weight) in [("error", ChangeWeight::Worse), ("warning", ChangeWeight::Unsure)] {
        let changes = difference.changes.iter().filter(|change| change.weight == weight).map(annotation);
        let unread = difference.unread.iter().filter(|_| weight == ChangeWeight::Unsure);
        let mut all: Vec<Vec<String>> = changes.collect();
        all.extend(unread.map(|unread| vec![format!("not read any more: {unread}")]));
        let shown = if all.len() > SHOWN { SHOWN - 1 } else { all.len() };
        let more = all.len() - shown;
        all.truncate(shown);
        if more > 0 {
            all.push(vec![format!("{more} more are in the full report.")]);
        }
        lines.extend(all.iter().map(|text| command(kind, &[("title", TITLE)], text)));
    }
    lines.push(command("notice", &[("title", TITLE)], &[sentence(difference)]));
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

const TITLE: &str = "ftaudit diff";

fn annotation(change: &Change) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", change.direction.id(), name(change))];
    lines.extend(details(change));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::report::testing::assert_written;

    #[test]
    fn every_direction() {
        assert_written("diff.github.txt", &render(&testing::difference()));
    }
}
