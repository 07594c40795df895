//! Waits until whoever writes the inputs has finished: until none of them has changed for a while.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::cli::terminal::log::Log;
use crate::report::dir::FileState;

/// The states of inputs, by name.
pub(crate) type States = Vec<(String, Option<FileState>)>;

/// Time between two looks, or less if the wait is short.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// The least time after which a wait for inputs that never stand still is given up. It is ten times the wait if that is
/// longer.
const PATIENCE: Duration = Duration::from_hours(1);

/// Waits until size and modification time of the inputs, and their number, have stayed the same for `time`. `look` gives
/// their states.
pub(crate) fn wait(time: Duration, look: &dyn Fn() -> anyhow::Result<States>, log: &Log) -> anyhow::Result<()> {
    wait_at_most(time, PATIENCE.max(time * 10), look, log)
}

fn wait_at_most(
    time: Duration,
    patience: Duration,
    look: &dyn Fn() -> anyhow::Result<States>,
    log: &Log,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (mut states, mut since) = (look()?, begun);
    if !time.is_zero() {
        log.note(&format!("waiting until no input has changed for {} s", time.as_secs_f64()));
    }
    while since.elapsed() < time {
        std::thread::sleep(BETWEEN_LOOKS.min(time / 4).min(time.saturating_sub(since.elapsed())));
        let now = look()?;
        if now != states {
            (states, since) = (now, Instant::now());
        }
        if begun.elapsed() > patience {
            bail!(
                "the inputs still change after {} s; run again when whoever writes them has finished, or with a shorter --settle",
                begun.elapsed().as_secs()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn it_waits_for_the_last_change_and_not_for_ever() {
        let log = Log::new(None, true);
        let looks = Cell::new(0);
        let grows_for = |times: usize| {
            move |looks: &Cell<usize>| {
                looks.set(looks.get() + 1);
                Ok(vec![(looks.get().min(times).to_string(), None)])
            }
        };
        let begun = Instant::now();
        let (time, patience) = (Duration::from_millis(200), Duration::from_mins(1));
        wait_at_most(time, patience, &|| grows_for(4)(&looks), &log).expect("it stands still");
        assert!(looks.get() >= 5 && begun.elapsed() >= time, "{}", looks.get());
        let refused = wait_at_most(time, Duration::from_millis(400), &|| grows_for(usize::MAX)(&looks), &log);
        assert!(refused.expect_err("it grows").to_string().contains("still change"));
    }
}
