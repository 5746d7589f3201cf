//! What is found out once however many threads ask: the others wait for the first.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Values by key.
pub(super) struct Memo<K, V> {
    made: Mutex<HashMap<K, Arc<OnceLock<V>>>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self { made: Mutex::default() }
    }
}

impl<K, V> fmt::Debug for Memo<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    pub(super) fn get_or_make(&self, key: K, make: impl FnOnce() -> V) -> V {
        let place = {
            let mut places = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(key).or_default())
        };
        place.get_or_init(make).clone()
    }
}
