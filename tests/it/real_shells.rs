//! Login shells of all kinds, whose start-up files print and take their time.

use std::path::Path;

use crate::real_liars::Ground;
use crate::real_ssh::assert_up;
use crate::sshd::{Options, Sshd};
use crate::support::skipped;

/// A login shell, its start-up file below the home, and how that leaves a mark, says something and takes its time.
const SHELLS: [(&str, &str, &str); 6] = [
    ("bash", ".bashrc", "touch ~/mark; sleep 0.3; echo Welcome; echo WARNING >&2"),
    ("zsh", ".zshenv", "touch ~/mark; sleep 0.3; echo Welcome; echo WARNING >&2"),
    ("fish", ".config/fish/config.fish", "touch ~/mark; sleep 0.3; echo Welcome; echo WARNING >&2"),
    ("tcsh", ".tcshrc", "touch ~/mark; sleep 0.3; echo Welcome"),
    ("csh", ".cshrc", "touch ~/mark; sleep 0.3; echo Welcome"),
    ("dash", ".profile", "echo Welcome"),
];

/// sshd hands the command to the login shell with `-c`, which is what the forced command does here once more: who the
/// login shell is stands in the password database.
#[track_caller]
fn start(ground: &Ground, shell: &str) -> Sshd {
    let force = format!("exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"");
    ground.start(&Options { force_command: Some(&force), ..Options::default() })
}

fn is_here(shell: &str) -> bool {
    let here =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(shell).is_file());
    if !here {
        skipped(&format!("there is no {shell}"));
    }
    here
}

#[test]
fn every_login_shell_with_start_up_files_that_talk_and_take_their_time() {
    let Some(ground) = Ground::new() else { return };
    let shells: Vec<_> = SHELLS.into_iter().filter(|(shell, ..)| is_here(shell)).collect();
    let servers: Vec<Sshd> = shells.iter().map(|(shell, ..)| start(&ground, shell)).collect();
    let mut cell = ground.cell();
    for ((shell, file, text), server) in shells.iter().zip(&servers) {
        let path = server.home().join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, format!("{text}\n")).unwrap();
        cell = cell.server(shell, server);
    }
    cell.write();
    let shown = ground.status();
    shown.assert_code(0);
    for ((shell, ..), server) in shells.iter().zip(&servers) {
        assert_up(&shown, shell);
        assert!(*shell == "dash" || server.home().join("mark").is_file(), "{shell} reads its start-up file");
    }
    assert!(!shown.stdout.contains("Welcome"), "{shown}");
}

#[test]
fn a_path_that_every_shell_reads_in_its_own_way() {
    let Some(ground) = Ground::new() else { return };
    let shells: Vec<_> = SHELLS.into_iter().filter(|(shell, ..)| is_here(shell)).collect();
    let servers: Vec<Sshd> = shells.iter().map(|(shell, ..)| start(&ground, shell)).collect();
    let mut cell = ground.cell();
    for ((shell, ..), server) in shells.iter().zip(&servers) {
        let odd = server.dir().join(r#"it is $HOME !1 \n "x" `y` ~ é"#);
        std::fs::rename(crate::cell_file::repository(server), &odd).unwrap();
        let quoted = serde_json::Value::from(odd.display().to_string()).to_string();
        cell = cell.known(&server.known_hosts()).node(shell, server.port(), "", Path::new(&quoted));
    }
    cell.write();
    ground.status().assert_code(0);
}
