//! How services are started, and which shells do it: none of it holds a change of roles, or gets into its way.

use std::time::Instant;

use crate::five::NAMES;
use crate::real_change_cell::{RealCell, index};
use crate::real_ssh::SLACK;
use crate::sshd::Options;
use crate::support::skipped;

/// Services that go to the background in ways of their own. Some keep the outputs of who started them.
const DAEMONS: [(&str, &str); 4] = [
    ("cedar", "echo starting; sh -c 'while :; do echo noise; sleep 1; done' & echo $! >~/pid"),
    ("dogwood", "setsid sh -c 'echo $$ >~/pid; exec sleep 1000' & sleep 0.2"),
    ("elm", "( ( sh -c 'echo $$ >~/pid; trap \"\" HUP; sleep 1000; :' & ) & )"),
    ("amber", "nohup sh -c 'sleep 0.5; exec sleep 1000' & echo $! >~/pid; disown 2>/dev/null; exit 0"),
];

/// A login shell for each node, its start-up file below the home, and what that says and does.
const SHELLS: [(&str, &str); 5] = [
    ("bash", ".bashrc"),
    ("zsh", ".zshenv"),
    ("fish", ".config/fish/config.fish"),
    ("tcsh", ".tcshrc"),
    ("dash", ".profile"),
];

#[test]
fn a_service_in_the_background_holds_nothing_up() {
    let Some(mut cell) = RealCell::start() else { return };
    // Whoever waited for the end of what was started would wait for three times as long as a start may take.
    cell.inventory["service"]["start_within"] = "60s".into();
    cell.write_inventory();
    for (number, (node, start)) in DAEMONS.into_iter().enumerate() {
        cell.serve(node, start);
        let begun = Instant::now();
        cell.change(&format!("promote {node}")).assert(0, "done");
        assert!(begun.elapsed() < SLACK, "{node}: {:?}", begun.elapsed());
        cell.assert_settled(&NAMES, number as u64 + 2, node, "birch");
    }
}

#[test]
fn every_login_shell_gives_and_takes_at_a_path_that_it_reads_in_its_own_way() {
    const FORCE: [&str; 5] = [
        "exec bash -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec zsh -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec fish -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec tcsh -c \"$SSH_ORIGINAL_COMMAND\"",
        "exec dash -c \"$SSH_ORIGINAL_COMMAND\"",
    ];
    let is_here = |shell: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(shell).is_file())
    };
    let options = |index: usize, _: &str| {
        let (shell, _) = SHELLS[index];
        if is_here(shell) {
            return Options { force_command: Some(FORCE[index]), ..Options::default() };
        }
        skipped(&format!("there is no {shell}"));
        Options::default()
    };
    let Some(cell) = RealCell::bare(&options, r#"it's $HOME !1 \n "x" `y` ~ é"#) else { return };
    for (node, (_, file)) in NAMES.iter().zip(SHELLS) {
        let path = cell.server(node).home().join(file);
        std::fs::create_dir_all(path.parent().expect("the home")).expect("a directory");
        std::fs::write(path, "echo Welcome\n").expect("a start-up file");
    }
    cell.make_ready();
    let mut from = "amber";
    for (number, node) in ["cedar", "dogwood", "elm", "birch", "amber"].into_iter().enumerate() {
        std::fs::write(cell.file(from, "written"), node).expect("a file");
        cell.change(&format!("promote {node}")).assert(0, "done");
        // BRAIN makes room for PRIMARY once, and stays where it went.
        let brain = if number < 3 { "birch" } else { "cedar" };
        cell.assert_settled(&NAMES, number as u64 + 2, node, brain);
        assert_eq!(cell.tree(node), cell.tree(from), "{}", SHELLS[index(node)].0);
        from = node;
    }
}
