//! Any bytes at all, taken for a module: parsed, evaluated under every target, judged and explained.

#![no_main]

use ftaudit::assess;
use ftaudit::inspect;
use ftaudit::model::{Alone, ModuleName, Target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first byte picks the target, so that one run is what one audit is.
    let Some((choice, data)) = data.split_first() else { return };
    let target = Target::ALL[usize::from(*choice) % Target::ALL.len()];
    let name = ModuleName::of_member("x.so");
    let Ok(facts) = inspect::trace(data, &name, &[target], &Alone) else { return };
    std::hint::black_box(assess::judge(&name, Ok(&facts), target));
    for slice in &facts.slices {
        std::hint::black_box(assess::answer(&name, slice, target));
    }
});
