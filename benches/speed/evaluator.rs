//! How long it takes to inspect a module, against inflating it.

use super::Result;
use super::members::Member;
use ftaudit::model::{Beside, Bytes, FileKind, ModuleName, Target};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The files of one wheel by name, inflated.
struct Wheelmates(HashMap<String, Arc<[u8]>>);

impl Beside for Wheelmates {
    fn library(&self, file: &str) -> Option<Bytes> {
        let bytes = self.0.iter().find(|(name, _)| name.rsplit('/').next() == Some(file))?.1;
        Some(Box::new(Arc::clone(bytes)))
    }
}

/// Both times of each module.
pub fn evaluator(members: &[Member]) -> Result<()> {
    let mut times: Vec<(Duration, Duration, String)> = Vec::new();
    for members in members.chunk_by(|one, other| one.wheel == other.wheel) {
        let read = |member: &Member| Ok((member.name.clone(), Arc::from(member.read()?)));
        let all = Wheelmates(members.iter().map(read).collect::<Result<_>>()?);
        for member in members.iter().filter(|member| member.kind == FileKind::Module) {
            let name = ModuleName::of_member(&member.name);
            let inspect = || ftaudit::inspect::inspect(&all.0[&member.name], &name, &[Target::Py314t], &all);
            let wheel = member.wheel.file_name().unwrap_or_default().to_string_lossy();
            let label =
                format!("{} of {}", name.dotted, wheel.split("-manylinux").next().unwrap_or_default());
            times.push((best(inspect), best(|| member.read()), label));
        }
    }
    times.sort_by_key(|time| std::cmp::Reverse(time.0));
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (mut evaluating, mut inflating): (Vec<_>, Vec<_>) = times.iter().map(|time| (time.0, time.1)).unzip();
    let mut ratios: Vec<f64> = times.iter().map(|time| time.0.as_secs_f64() / time.1.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let total =
        evaluating.iter().sum::<Duration>().as_secs_f64() / inflating.iter().sum::<Duration>().as_secs_f64();
    evaluating.sort();
    inflating.sort();
    let (middle, last) = (times.len() / 2, times.len() - 1);
    let row = |times: &[Duration]| {
        format!("{:.3} ms | {:.3} ms | {:.2} ms", ms(times[middle]), ms(times[0]), ms(times[last]))
    };
    println!("| evaluating one module | 1 ms, worst 10 ms | {} |", row(&evaluating));
    println!("| inflating one module | | {} |", row(&inflating));
    let worst = ratios[last];
    println!("| evaluating / inflating | 1 | {:.2} | {:.3} | {worst:.2} |", ratios[middle], ratios[0]);
    println!("\nevaluating / inflating, all modules together: {total:.3}\nslowest to evaluate:");
    for (evaluating, inflating, label) in times.iter().take(5) {
        println!("  {:.2} ms (inflating: {:.2} ms)  {label}", ms(*evaluating), ms(*inflating));
    }
    Ok(())
}

fn best<T>(work: impl Fn() -> T) -> Duration {
    let timed = |_| {
        let started = Instant::now();
        let made = std::hint::black_box(work());
        let took = started.elapsed();
        drop(made);
        took
    };
    (0..3).map(timed).min().unwrap_or_default()
}
