//! The default of `--memory`, which follows the memory of the machine and of the cgroup that the process runs in, and how the
//! allocator treats memory.

use std::fs;
use std::path::Path;

use crate::cli::args::{LEAST_MEMORY, MEMORY};
use crate::cli::terminal::log::Log;

/// The `--memory` in force if none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DefaultMemory {
    /// Bytes.
    pub(crate) bytes: usize,
    /// Bytes that machine and cgroup have, if they have less than twice the usual default.
    few: Option<u64>,
}

impl DefaultMemory {
    /// The default on this machine.
    pub(crate) fn here() -> Self {
        Self::with(available())
    }

    /// Half of what there is, at most [`MEMORY`] and at least [`LEAST_MEMORY`].
    fn with(available: Option<u64>) -> Self {
        let few = available.filter(|bytes| *bytes < 2 * MEMORY as u64);
        let bytes = few.map_or(MEMORY, |bytes| (bytes as usize / 2).max(LEAST_MEMORY));
        Self { bytes, few }
    }

    /// It as it is written after `--memory`.
    pub(crate) fn word(self) -> String {
        let mebibytes = self.bytes >> 20;
        if mebibytes.is_multiple_of(1024) { format!("{}G", mebibytes / 1024) } else { format!("{mebibytes}M") }
    }

    /// Why it is not the usual default; `None` if it is.
    pub(crate) fn reason(self) -> Option<String> {
        let (few, bytes) = (self.few? >> 20, self.bytes >> 20);
        let half = if self.bytes > LEAST_MEMORY { "half of it" } else { "the least that a run needs" };
        Some(format!("this machine, or its cgroup, has {few}M of memory, so --memory is {bytes}M, {half}"))
    }

    /// Says why it is not the usual default.
    pub(crate) fn announce(self, log: &Log) {
        self.reason().iter().for_each(|reason| log.note(reason));
    }
}

/// Bytes of the largest block that glibc may take from its own heap: `DEFAULT_MMAP_THRESHOLD_MAX` of its malloc.c, less two pages
/// for what it adds to a block.
const LARGEST_HEAP_BLOCK: usize = (32 << 20) - (8 << 10);

/// Lets the allocator keep memory that was freed, for whatever needs it next, if a run may take as much as usual. glibc asks the
/// system for each large block and gives it back at once, so that its pages are faulted in again and again, until a block as large
/// has been freed. To free one at the start saves 3% of the time of a dense extract and takes up to 100 MiB, which a run with
/// less memory cannot spare. Other allocators do not mind.
pub(crate) fn keep_freed_memory(memory: usize) {
    if memory >= MEMORY {
        drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST_HEAP_BLOCK)));
    }
}

/// Bytes that machine and cgroup have. `None` if the system does not tell.
fn available() -> Option<u64> {
    let read = |path: &Path| fs::read_to_string(path).ok();
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let limits = limit_files(&groups).into_iter().filter_map(|path| read(Path::new(&path)));
    least(read(Path::new("/proc/meminfo")).as_deref().unwrap_or_default(), limits)
}

/// The least of the memory that `/proc/meminfo` states and the limits of cgroups.
fn least(meminfo: &str, limits: impl Iterator<Item = String>) -> Option<u64> {
    let kilobytes = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB"));
    let total = kilobytes.and_then(|n| n.trim().parse::<u64>().ok()).map(|n| n.saturating_mul(1024));
    // A group without a limit says `max`, or a number beyond all memory.
    limits.filter_map(|limit| limit.trim().parse().ok()).chain(total).min()
}

/// The files that may limit the memory of a process in these groups: those of its groups and of all groups above them.
fn limit_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (root, file) = match parts.next() {
            Some("") => ("/sys/fs/cgroup", "memory.max"),
            Some("memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let mut group = parts.next().unwrap_or_default().trim_end_matches('/');
        loop {
            files.push(format!("{root}{group}/{file}"));
            let Some((above, _)) = group.rsplit_once('/') else { break };
            group = above;
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:        3145728 kB\nMemFree:          102400 kB\nMemAvailable:     204800 kB\n";

    #[test]
    fn the_least_limit_counts() {
        let of = |meminfo, limits: &[&str]| least(meminfo, limits.iter().map(|limit| (*limit).to_owned()));
        assert_eq!(of(MEMINFO, &[]), Some(3 << 30));
        assert_eq!(of(MEMINFO, &["max\n", "9223372036854771712\n"]), Some(3 << 30));
        assert_eq!(of(MEMINFO, &["max\n", "1073741824\n"]), Some(1 << 30));
        assert_eq!((of("", &["max\n"]), of("MemTotal: many kB", &[])), (None, None));
    }

    #[test]
    fn limits_are_those_of_all_groups_above() {
        assert_eq!(
            limit_files("0::/user.slice/job.scope\n"),
            [
                "/sys/fs/cgroup/user.slice/job.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            limit_files("9:name=systemd:/\n4:memory:/box\n3:cpuset:/\n0::/\n"),
            [
                "/sys/fs/cgroup/memory/box/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert!(limit_files("").is_empty());
    }

    #[test]
    fn the_default_follows_a_small_machine_and_says_so() {
        let of = |mebibytes: u64| DefaultMemory::with(Some(mebibytes << 20));
        for (available, bytes) in [(4096, MEMORY), (2048, MEMORY), (1536, 768 << 20), (900, LEAST_MEMORY)] {
            assert_eq!(of(available).bytes, bytes, "{available}");
        }
        assert_eq!((DefaultMemory::with(None).bytes, of(2048).reason()), (MEMORY, None));
        assert_eq!([of(4096), of(1500), of(700)].map(DefaultMemory::word), ["1G", "750M", "512M"]);
        let said = "this machine, or its cgroup, has 1536M of memory, so --memory is 768M, half of it";
        assert_eq!(of(1536).reason().as_deref(), Some(said));
        assert!(of(900).reason().is_some_and(|said| said.ends_with("512M, the least that a run needs")));
    }
}
