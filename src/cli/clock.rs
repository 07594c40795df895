//! The clock of the machine, which may show any time: a machine without a battery starts in 1970 or long before it.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Nanoseconds since 1970; negative before it.
pub(crate) fn nanoseconds_since_1970(time: SystemTime) -> i128 {
    let nanoseconds = |since: std::time::Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => nanoseconds(since),
        Err(before) => -nanoseconds(before.duration()),
    }
}

/// A time that a calendar can show, in UTC: the nearest one from the year -9999 to 9999.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let nearest = if time < UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_nanosecond(nanoseconds_since_1970(time)).unwrap_or(nearest)
}

/// Today by the clock, in UTC. A run reads it once and states it.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::tz::Offset::UTC.to_datetime(timestamp(SystemTime::now())).date()
}

/// Day and time as in `2024-03-05T06:07:08.009Z`.
pub(crate) fn shown(time: SystemTime) -> String {
    timestamp(time).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn any_time_can_be_shown() {
        let after = |seconds: u64| UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let before = |seconds: u64| UNIX_EPOCH.checked_sub(Duration::from_secs(seconds));
        let year = 365 * 86_400;
        for (time, text) in [
            (after(0), "1970-01-01T00:00:00.000Z"),
            (after(1_709_618_828), "2024-03-05T06:07:08.000Z"),
            (before(1), "1969-12-31T23:59:59.000Z"),
            (before(100 * year), "1870-01-25T00:00:00.000Z"),
            (before(1_000_000 * year), "-9999-01-02T01:59:59.000Z"),
            (after(1_000_000 * year), "9999-12-30T22:00:00.999Z"),
            (after(i64::MAX as u64), "9999-12-30T22:00:00.999Z"),
        ] {
            assert_eq!(shown(time.expect("a time of this machine")), text);
        }
        assert_eq!(nanoseconds_since_1970(before(2).expect("a time")), -2_000_000_000);
    }
}
