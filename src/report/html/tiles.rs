//! The figures at the top of the page: how many distributions have which verdict.

use super::look::Look;
use crate::model::{Target, Verdict};
use crate::report::human::group::Group;
use std::collections::BTreeMap;

/// Those of one target.
pub(super) struct Tiles {
    pub(super) target: String,
    pub(super) tiles: Vec<Tile>,
}

pub(super) struct Tile {
    pub(super) look: Look,
    pub(super) count: usize,
}

/// What has a tile also where there is none of it: that nothing is undetermined is worth a word.
const ALWAYS: [Verdict; 3] = [Verdict::RequiresGil, Verdict::Undetermined, Verdict::GilFree];

impl Tiles {
    /// Worst first.
    pub(super) fn of(groups: &[Group<'_>], target: Target) -> Self {
        let mut counts: BTreeMap<Verdict, usize> = ALWAYS.into_iter().map(|verdict| (verdict, 0)).collect();
        for verdict in groups.iter().filter_map(|group| group.worst_for(target)) {
            *counts.entry(verdict).or_default() += 1;
        }
        let tiles = counts
            .into_iter()
            .rev()
            .map(|(verdict, count)| Tile { look: Look::of_several(verdict, count), count });
        Self { target: target.to_string(), tiles: tiles.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::report_of;
    use crate::report::human::group::groups;

    #[test]
    fn what_there_is_has_a_tile_and_so_has_an_unknown_that_there_is_not() {
        let report = report_of(&[Verdict::GilFree, Verdict::GilFree, Verdict::NotAvailable]);
        let Tiles { target, tiles } = Tiles::of(&groups(report.distributions.iter()), Target::Py314t);
        let tiles: Vec<_> = tiles.iter().map(|tile| (tile.look.id, tile.count)).collect();
        assert_eq!(target, "3.14t");
        assert_eq!(tiles, [("not-available", 1), ("requires-gil", 0), ("undetermined", 0), ("gil-free", 2)]);
    }
}
