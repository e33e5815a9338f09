//! A real terminal of a given size, with m3m in it. tmux makes it; where there is none, tests say that they show nothing.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Finished, Home, finish, skipped};

/// Generous: whatever takes this long in a terminal is a hang.
const SOON: Duration = Duration::from_secs(60);

/// What the command left stays on the screen, and nothing else is there.
const CONFIGURATION: &str = "set -g remain-on-exit on\nset -g remain-on-exit-format ''\nset -g status off\n";

/// Terminals have sockets of their own: the one before may still be on its way out.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Whether tmux is installed; says so where it is not.
pub fn available() -> bool {
    let found = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    if !found {
        skipped("no tmux");
    }
    found
}

/// A terminal and what runs in it. Dropping it ends both.
pub struct Terminal {
    socket: PathBuf,
    status: PathBuf,
}

/// Runs the command and writes its exit status to the first argument. tmux has a word for it as well, and now and then
/// forgets it. A Ctrl-C is for the command, and not for this.
const SHELL: &str = "trap : INT; \"$@\"; echo $? >\"$0.new\"; mv \"$0.new\" \"$0\"";

impl Terminal {
    /// Opens a terminal that runs the command, with the command's environment and nothing else.
    pub fn open(home: &Home, command: &Command, columns: u16, lines: u16) -> Self {
        let configuration = home.write("tmux.conf", CONFIGURATION);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let at = |name: &str| home.path().join(format!("{name}-{number}"));
        let terminal = Self { socket: at("tmux"), status: at("status") };
        let variables = command.get_envs().filter_map(|(name, value)| {
            let mut variable = name.to_owned();
            variable.push("=");
            variable.push(value?);
            Some(variable)
        });
        let mut tmux = terminal.tmux();
        tmux.arg("-f").arg(configuration).args(["new-session", "-d", "-x", &columns.to_string()]);
        tmux.args(["-y", &lines.to_string(), "--", "env", "-i", "TERM=screen"]).args(variables);
        tmux.args(["sh", "-c", SHELL]).arg(&terminal.status);
        tmux.arg(command.get_program()).args(command.get_args()).current_dir(home.path());
        finish(&mut tmux).assert_code(0);
        terminal
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.env_remove("TMUX").env("LC_ALL", "C.UTF-8").arg("-S").arg(&self.socket);
        tmux
    }

    fn ask(&self, args: &[&str]) -> Finished {
        finish(self.tmux().args(args))
    }

    /// What stands on the screen, without the empty lines below it.
    pub fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"]).assert_code(0).stdout.trim_end().to_owned()
    }

    /// The same with the escape sequences of its colours.
    pub fn colored_screen(&self) -> String {
        self.ask(&["capture-pane", "-p", "-e"]).assert_code(0).stdout.trim_end().to_owned()
    }

    /// Presses a key by its tmux name, such as `Enter` or `C-c`.
    pub fn press(&self, key: &str) {
        self.ask(&["send-keys", key]).assert_code(0);
    }

    /// Types a line until the screen is as wanted: a prompt that has just come up forgets what was typed before it read.
    #[track_caller]
    pub fn answer(&self, line: &str, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        for _ in 0..20 {
            self.ask(&["send-keys", "-l", &format!("{line}\r")]).assert_code(0);
            let start = Instant::now();
            while start.elapsed() < SOON / 20 {
                let screen = self.screen();
                if wanted(&screen) {
                    return screen;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        panic!("{what} did not come:\n{}", self.screen());
    }

    /// Waits until the screen is as wanted, and returns it.
    #[track_caller]
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(start.elapsed() < SOON, "{what} did not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the command's end, and returns its exit status.
    #[track_caller]
    pub fn end(&self) -> i32 {
        self.until("the command's end", |_| self.status.exists());
        let status = std::fs::read_to_string(&self.status).expect("its exit status");
        status.trim().parse().expect("a number")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}
