//! Quantities in a few characters.

use std::time::Duration;

use crate::core::lag::Lag;

/// `340us`, `12ms`, `2.5s`, `3m20s`, `2d4h`: two or three digits that matter.
pub(super) fn duration(duration: Duration) -> String {
    let us = duration.as_micros();
    let seconds = duration.as_secs();
    match us {
        0..1_000 => format!("{us}us"),
        1_000..1_000_000 => format!("{}ms", us / 1_000),
        1_000_000..10_000_000 => format!("{:.1}s", duration.as_secs_f64()),
        _ => match seconds {
            0..60 => format!("{seconds}s"),
            60..3_600 => two(seconds / 60, "m", seconds % 60, "s"),
            3_600..86_400 => two(seconds / 3_600, "h", seconds / 60 % 60, "m"),
            _ => two(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
        },
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit}{small}{small_unit}") }
}

/// `812M`, `77G`: bytes in binary units.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    let mut amount = bytes / 1024;
    let mut unit = 0;
    while amount >= 1024 && unit + 1 < UNITS.len() {
        amount /= 1024;
        unit += 1;
    }
    format!("{amount}{}", UNITS[unit])
}

/// `0`, `3 (42s)`, `64+ (1h)`; commits of its own are marked.
pub(super) fn lag(lag: &Lag) -> String {
    let own = if lag.diverged { "!" } else { "" };
    if lag.commits == 0 {
        return format!("0{own}");
    }
    let more = if lag.exact { "" } else { "+" };
    format!("{}{more} ({}){own}", lag.commits, duration(Duration::from_secs(lag.seconds)))
}

/// `+0.02s`, `-1h2m`.
pub(super) fn offset(offset_s: f64) -> String {
    let size = offset_s.abs();
    // What is shown as nothing has no direction.
    let sign = if offset_s < 0.0 && size >= 0.005 { '-' } else { '+' };
    if size < 10.0 {
        format!("{sign}{size:.2}s")
    } else {
        format!("{sign}{}", duration(Duration::try_from_secs_f64(size).unwrap_or(Duration::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_the_digits_that_matter() {
        for (ms, text) in
            [(0, "0us"), (12, "12ms"), (2_540, "2.5s"), (59_999, "59s"), (200_000, "3m20s"), (7_200_000, "2h")]
        {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
        assert_eq!(duration(Duration::from_secs(90_000)), "1d1h");
    }

    #[test]
    fn bytes_and_offsets() {
        assert_eq!((bytes(0), bytes(812 << 20), bytes(77 << 30)), ("0K".into(), "812M".into(), "77G".into()));
        assert_eq!(bytes(u64::MAX), "15E");
        assert_eq!((offset(-0.0), offset(-0.004), offset(-0.006)), ("+0.00s".into(), "+0.00s".into(), "-0.01s".into()));
        assert_eq!((offset(0.016), offset(-0.5), offset(3_723.0)), ("+0.02s".into(), "-0.50s".into(), "+1h2m".into()));
    }

    #[test]
    fn lags() {
        let lag_of = |commits, exact, diverged| lag(&Lag { commits, seconds: 42, exact, diverged });
        assert_eq!(lag_of(0, true, false), "0");
        assert_eq!(lag_of(3, true, false), "3 (42s)");
        assert_eq!(lag_of(64, false, false), "64+ (42s)");
        assert_eq!(lag_of(2, true, true), "2 (42s)!");
    }
}
