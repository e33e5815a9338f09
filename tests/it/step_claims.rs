//! Claims, and what every step refuses, as nodes do it.

use std::time::Duration;

use m3m::core::step::{self, NotAfter, Refusal};

use crate::step_ground::{Ground, with_every_shell};
use crate::support::{finish, wait};

#[test]
fn a_claim_is_written_held_and_the_same_everywhere() {
    with_every_shell(|ground| {
        let first = ground.term(1, "p", &[]);
        let answer = ground.claim(&first);
        let held = answer.term.clone().expect("a term");
        assert_eq!((answer.claim.as_deref(), &answer.refused), (Some(held.commit.as_str()), &None));
        assert_eq!(held.record.as_ref(), Some(&first.record));
        assert_eq!(ground.git(&["show", &format!("{}:term.json", held.commit)]), first.record.write().trim());
        assert_eq!(Ground::new("dash").hold(&first), held.commit, "another node, another shell");
        // Again, and then the next one.
        assert_eq!(ground.hold(&first), held.commit);
        let second = ground.hold(&ground.term(2, "m", &[&held.commit]));
        assert_eq!(ground.git(&["rev-parse", "refs/m3m/term"]), second);
        assert_eq!(ground.git(&["log", "-1", "--format=%P", &second]), held.commit);
        assert!(ground.git(&["status", "--porcelain"]).is_empty());
    });
}

#[test]
fn a_claim_that_does_not_follow_changes_nothing() {
    let ground = &mut Ground::new("bash");
    let first = ground.hold(&ground.term(1, "p", &[]));
    let second = ground.hold(&ground.term(2, "m", &[&first]));
    let rival = Some(Refusal::Rival(second.clone()));
    for (number, parents) in [(3, vec![]), (3, vec![first.as_str()]), (2, vec![&second]), (1, vec![])] {
        let answer = ground.claim(&ground.term(number, "b", &parents));
        assert_eq!(answer.refused, rival, "{number} after {parents:?}");
        assert_eq!(answer.term.map(|term| term.commit).as_ref(), Some(&second));
        assert_ne!(answer.claim.as_ref(), Some(&second), "who claims learns what was claimed");
    }
    let unknown = "1".repeat(40);
    let answer = ground.claim(&ground.term(3, "b", &[&unknown]));
    assert_eq!((answer.refused, answer.claim), (Some(Refusal::Missing(unknown)), None));
    // The first parent need not be the held one.
    let closing = ground.term(4, "b", &[&first, &second]);
    assert_eq!(ground.claim(&closing).refused, None);
}

#[test]
fn of_two_claims_at_once_one_is_held_and_the_other_knows_it() {
    let ground = Ground::new("dash");
    let mut held = ground.hold(&ground.term(1, "p", &[]));
    for number in 2..8 {
        let children = ["p", "m"].map(|primary| {
            let claim = ground.term(number, primary, &[&held]);
            let line = step::claim(ground.address(), &claim.head(), &claim.record.write());
            let mut command = ground.command(&line);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().expect("sh runs")
        });
        let answers = children.map(|child| ground.answer(&wait(child, Duration::from_secs(60))));
        let now = ground.git(&["rev-parse", "refs/m3m/term"]);
        let won: Vec<bool> = answers.iter().map(|answer| answer.claim.as_ref() == Some(&now)).collect();
        assert!(won[0] != won[1], "{answers:?}");
        for (answer, won) in answers.iter().zip(won) {
            assert_eq!(answer.refused.is_none(), won, "{answer:?}");
            assert_eq!(answer.term.as_ref().map(|term| &term.commit), Some(&now));
        }
        held = now;
    }
}

#[test]
fn a_step_for_another_node_or_cell_or_none_is_refused() {
    let ground = &mut Ground::new("dash");
    let line = |ground: &Ground| {
        let claim = ground.term(1, "p", &[]);
        step::claim(ground.address(), &claim.head(), &claim.record.write())
    };
    ground.git(&["config", "m3m.node", "other"]);
    let identity = Refusal::Identity { node: "other".to_owned(), cell: "t".to_owned() };
    assert_eq!(ground.step(&line(ground)).refused, Some(identity));
    ground.git(&["config", "--unset", "m3m.cell"]);
    assert_eq!(ground.step(&line(ground)).refused, Some(Refusal::NotInitialised));

    let place = |ground: &mut Ground, path: &str| {
        ground.node_mut().repository.path = path.to_owned();
        ground.refused(&line(ground))
    };
    let tree = ground.tree.display().to_string();
    assert!(place(ground, "/no/such place").contains("cannot change to '/no/such place'"));
    std::fs::create_dir(ground.file("below")).expect("a directory");
    assert!(place(ground, &format!("{tree}/below")).contains("the work tree begins above: this is its below/"));
    let bare = ground.home.path().join("bare").display().to_string();
    ground.git(&["clone", "-q", "--bare", ".", &bare]);
    assert!(place(ground, &bare).contains("it is bare"));
    ground.only(&["date", "cat", "printf"]);
    assert_eq!(ground.refused(&line(ground)), "there is no git");
}

#[test]
fn a_step_that_comes_late_or_after_a_boot_is_refused() {
    let ground = &mut Ground::new("bash");
    let refused = |ground: &mut Ground, boot_id: Option<&str>, clock: Option<Duration>| {
        ground.not_after = NotAfter { boot_id: boot_id.map(str::to_owned), clock };
        let answer = ground.claim(&ground.term(1, "p", &[]));
        assert_eq!(answer.term.is_none(), answer.refused.is_some());
        answer.refused
    };
    let uptime = std::fs::read_to_string("/proc/uptime").expect("the time since the boot");
    let now: f64 = uptime.split(' ').next().and_then(|word| word.parse().ok()).expect("seconds");
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("the boot");
    assert_eq!(refused(ground, None, Some(Duration::from_secs_f64(now - 0.1))), Some(Refusal::Late));
    assert_eq!(refused(ground, None, Some(Duration::ZERO)), Some(Refusal::Late));
    assert_eq!(refused(ground, Some("another"), None), Some(Refusal::Rebooted));
    assert_eq!(refused(ground, Some(boot.trim()), Some(Duration::from_secs_f64(now + 60.0))), None);
}

#[test]
fn a_damaged_term_is_named_and_left_alone() {
    let ground = &mut Ground::new("busybox");
    let first = ground.hold(&ground.term(1, "p", &[]));
    let next = ground.term(2, "m", &[&first]);
    let reference = ground.tree.join(".git/refs/m3m/term");
    let head = ground.git(&["rev-parse", "HEAD"]);
    for text in ["", "garbage\n", &format!("{}\n", "1".repeat(40)), &format!("{head}\n")] {
        std::fs::write(&reference, text).expect("the reference");
        let refused = ground.refused(&step::claim(ground.address(), &next.head(), &next.record.write()));
        assert!(refused.starts_with("its term cannot be read: "), "{text:?}: {refused}");
        assert_eq!(std::fs::read_to_string(&reference).expect("the reference"), text);
    }
    std::fs::remove_file(&reference).expect("the reference");
    assert!(ground.claim(&next).refused.is_none());
}

#[test]
fn a_reference_that_is_locked_is_named() {
    let ground = &mut Ground::new("dash");
    let first = ground.hold(&ground.term(1, "p", &[]));
    let lock = ground.tree.join(".git/refs/m3m/term.lock");
    std::fs::write(&lock, "").expect("a lock");
    let answer = ground.claim(&ground.term(2, "m", &[&first]));
    let Some(Refusal::LockFile(named)) = &answer.refused else { panic!("{answer:?}") };
    assert!(named.ends_with("/.git/refs/m3m/term.lock") && lock.exists(), "{named}");
}

/// No step needs a name, runs a hook, or signs.
#[test]
fn a_repository_with_habits_of_its_own() {
    let ground = &mut Ground::new("dash");
    for (key, value) in [("commit.gpgsign", "true"), ("user.useConfigOnly", "true"), ("gpg.program", "false")] {
        ground.git(&["config", key, value]);
    }
    let hook = ground.home.write("work tree/.git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a hook");
    ground.hold(&ground.term(1, "p", &[]));
}

#[test]
fn a_login_shell_that_greets_does_no_harm() {
    let ground = Ground::new("dash");
    let claim = ground.term(1, "p", &[]);
    let line = step::claim(ground.address(), &claim.head(), &claim.record.write());
    let finished = finish(&mut ground.command(&format!("echo Welcome; {line}")));
    assert!(ground.answer(&finished).term.is_some());
}
