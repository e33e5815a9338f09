//! Measuring commands from outside: wall and CPU time by the shell's `time`, and what follows from them.

use std::process::{Command, Stdio};

/// One run of a command.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub wall_s: f64,
    /// User and system time, of the command and of all it waited for.
    pub cpu_s: f64,
}

/// A shell script to be measured, and what it finds in its environment besides `PATH`.
pub struct Script<'a> {
    pub text: &'a str,
    pub environment: &'a [(String, String)],
}

impl Script<'_> {
    /// Runs it once. What it prints is thrown away; that it fails ends the benchmark.
    pub fn run(&self) -> Run {
        let timed = format!("TIMEFORMAT='%3R %3U %3S'; {{ time {{ {} ; }} >/dev/null 2>&1; }} 2>&1", self.text);
        let output = self.bash(&timed).output().expect("start bash");
        if !output.status.success() {
            let again = self.bash(self.text).output().expect("start bash");
            let said = [again.stdout, again.stderr].concat();
            panic!("a measured command failed ({}): {}", output.status, String::from_utf8_lossy(&said));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let seconds: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [wall_s, user_s, system_s] = seconds[..] else { panic!("bash's time said: {text}") };
        Run { wall_s, cpu_s: user_s + system_s }
    }

    /// The most memory it held resident, in KiB, the processes it waited for counted one by one (the largest counts);
    /// nothing where there is no GNU time.
    pub fn peak_kib(&self) -> Option<u64> {
        let timed = format!("exec /usr/bin/time -f %M bash -c '{{ {} ; }} >/dev/null 2>&1'", self.text);
        let output = self.bash(&timed).stderr(Stdio::piped()).output().ok()?;
        String::from_utf8_lossy(&output.stderr).lines().last()?.trim().parse().ok()
    }

    fn bash(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["--norc", "-c", script]).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A script that runs commands at once, and fails where one of them does.
pub fn parallel(commands: impl Iterator<Item = String>) -> String {
    let started: String = commands.map(|command| format!("{command} & started+=\" $!\"\n")).collect();
    format!("{started}for id in $started; do wait $id || exit; done")
}

/// Runs the scripts in turn, `rounds` times, so that all share the machine's moods; the medians, script by script.
pub fn interleaved<const N: usize>(rounds: usize, scripts: &[Script<'_>; N]) -> [Run; N] {
    let mut runs: [Vec<Run>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (script, runs) in scripts.iter().zip(&mut runs) {
            runs.push(script.run());
        }
    }
    runs.map(|runs| Run {
        wall_s: median(runs.iter().map(|run| run.wall_s)),
        cpu_s: median(runs.iter().map(|run| run.cpu_s)),
    })
}

/// The middle value, or the mean of the two middle ones; NaN of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

/// The slope of the straight line through the points, by least squares.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.iter().map(|_| 1.0).sum::<f64>();
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let rise: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let run: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    rise / run
}
