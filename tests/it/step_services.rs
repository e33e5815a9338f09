//! Stopping and starting the service, as nodes do it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use m3m::core::duty::Duty;
use m3m::core::step::{self, Failed, Raise, Refusal, ServiceEnd, Start, Status};

use crate::step_ground::{Ground, LONG, with_each_shell, with_every_shell};
use crate::support::{finish, until, wait};

/// One second: the least that a watchdog gives. It is for what hangs, and not for what has to come to its end.
const SHORT: Duration = Duration::from_secs(1);

fn raise<'a>(ground: &'a Ground, commit: &'a str) -> Raise<'a> {
    let service = Some(&ground.node().service);
    Raise { commit, role: Some(Duty::Primary), service, stop_within: LONG, kill_within: LONG, exhale: false }
}

fn start<'a>(ground: &'a Ground, commit: &'a str) -> Start<'a> {
    let service = &ground.node().service;
    Start { commit, duty: Duty::Primary, expected_head: None, service, within: LONG, kill_within: LONG }
}

/// The node holds the first term, which makes it PRIMARY, and a second one that does not.
fn two_terms(ground: &Ground) -> (String, String) {
    let first = ground.hold(&ground.term(1, "p", &[]));
    let second = ground.hold(&ground.term(2, "m", &[&first]));
    ground.git(&["update-ref", "refs/m3m/term", &first]);
    (first, second)
}

/// The answer of a raise with this stop, kill and check, and with so much time for stop and kill.
fn ended(ground: &mut Ground, [stop, kill, check]: [Option<&str>; 3], within: [Duration; 2]) -> step::Answer {
    let (_, second) = two_terms(ground);
    ground.set_up(true);
    let service = &mut ground.node_mut().service;
    let ours = [&mut service.stop, &mut service.kill, &mut service.check];
    for (own, new) in ours.into_iter().zip([stop, kill, check]) {
        if let Some(new) = new {
            new.clone_into(own);
        }
    }
    let [stop_within, kill_within] = within;
    let answer = ground.raise(Raise { stop_within, kill_within, ..raise(ground, &second) });
    assert!(answer.refused.is_none(), "{answer:?}");
    assert_eq!(answer.term.as_ref().map(|term| &term.commit), Some(&second), "it follows all the same");
    answer
}

#[test]
fn a_raise_stops_what_runs_and_then_follows() {
    let ground = &mut Ground::new("busybox");
    let (_, second) = two_terms(ground);
    ground.set_up(true);
    let answer = ground.raise(raise(ground, &second));
    assert_eq!((answer.service, ground.is_up()), (Some(ServiceEnd::Stopped), false), "{answer:?}");
    assert!(answer.service_took.is_some() && answer.faults.is_empty(), "{answer:?}");
    assert_eq!(answer.term.map(|term| term.commit).as_ref(), Some(&second));
    // Again: the same end.
    assert_eq!(ground.raise(raise(ground, &second)).service, Some(ServiceEnd::WasStopped));
}

#[test]
fn a_stop_that_does_not_do_is_followed_by_a_kill() {
    let ground = &mut Ground::new("dash");
    let answer = ended(ground, [Some("echo; echo 'Access denied' >&2; exit 5"), None, None], [SHORT, LONG]);
    assert_eq!((answer.service, ground.is_up()), (Some(ServiceEnd::Killed), false));
    let failed = Failed { status: Status::Exit(5), said: "Access denied".to_owned() };
    assert_eq!(answer.faults[0].failed, failed);
    let answer = ended(&mut Ground::new("dash"), [Some("sleep 1000"), None, None], [SHORT, LONG]);
    assert_eq!((answer.service, answer.faults[0].failed.status), (Some(ServiceEnd::Killed), Status::TimedOut));
    let answer = ended(&mut Ground::new("busybox"), [Some("true"), Some("exit 1"), None], [SHORT, SHORT]);
    assert_eq!((answer.service, answer.faults[0].command), (Some(ServiceEnd::Running), "kill"));
}

#[test]
fn a_stop_that_returns_before_the_service_is_gone_is_waited_for() {
    let ground = &mut Ground::new("busybox");
    let up = ground.home.path().join("up").display().to_string();
    let stop = format!("(sleep 0.3; rm '{up}') >/dev/null 2>&1 &");
    let answer = ended(ground, [Some(&stop), Some("false"), None], [LONG, SHORT]);
    assert_eq!((answer.service, ground.is_up()), (Some(ServiceEnd::Stopped), false), "{answer:?}");
}

#[test]
fn a_check_that_does_not_tell_proves_nothing() {
    let ground = &mut Ground::new("bash");
    let answer = ended(ground, [None, None, Some("no-such-command-at-all")], [SHORT, SHORT]);
    assert_eq!((answer.service, ground.is_up()), (Some(ServiceEnd::Unknown), false), "stopped, and not seen");
    let answer = ended(&mut Ground::new("dash"), [None, None, Some("sleep 1000")], [SHORT, SHORT]);
    assert_eq!(answer.service, Some(ServiceEnd::Unknown));
}

#[test]
fn a_raise_refuses_what_does_not_follow_or_leaves_the_role() {
    let ground = &mut Ground::new("dash");
    let (first, second) = two_terms(ground);
    ground.set_up(true);
    let refused = |raise: Raise<'_>| ground.raise(raise).refused;
    assert_eq!(refused(raise(ground, &first)), Some(Refusal::Named("primary".to_owned())));
    let unknown = "1".repeat(40);
    assert_eq!(refused(raise(ground, &unknown)), Some(Refusal::Missing(unknown.clone())));
    let brain = Raise { role: Some(Duty::Brain), service: None, ..raise(ground, &second) };
    assert_eq!(refused(brain), None, "it is not BRAIN in it");
    assert_eq!(refused(raise(ground, &first)), Some(Refusal::Rival(second.clone())), "never back");
    assert!(ground.is_up());
}

#[test]
fn a_start_is_verified_and_may_be_repeated() {
    let ground = &mut Ground::new("bash");
    let (first, _) = two_terms(ground);
    let answer = ground.start(start(ground, &first));
    assert_eq!((answer.service, ground.is_up(), &answer.failed), (Some(ServiceEnd::Started), true, &None));
    assert_eq!(std::fs::read_to_string(ground.file(".git/m3m-start.log")).expect("a log"), "starting\n");
    assert_eq!(ground.start(start(ground, &first)).service, Some(ServiceEnd::Running));
    assert!(!ground.file(".git/m3m-starting").exists());
}

#[test]
fn a_start_under_another_term_or_head_or_for_another_node_is_refused() {
    let ground = &mut Ground::new("dash");
    let (first, second) = two_terms(ground);
    let refused = |start: Start<'_>| ground.start(start).refused;
    assert_eq!(refused(start(ground, &second)), Some(Refusal::Rival(first.clone())));
    let brain = Start { duty: Duty::Brain, ..start(ground, &first) };
    assert_eq!(refused(brain), Some(Refusal::NotNamed("brain".to_owned())));
    let head = ground.git(&["rev-parse", "HEAD"]);
    let other = Start { expected_head: Some(&first), ..start(ground, &first) };
    assert_eq!(refused(other), Some(Refusal::Head(head.clone())));
    assert!(!ground.is_up());
    assert_eq!(refused(Start { expected_head: Some(&head), ..start(ground, &first) }), None);
}

#[test]
fn a_start_that_fails_leaves_nothing_running() {
    let failed = |ground: &mut Ground, command: String, check: Option<&str>, within: Duration| {
        let (first, _) = two_terms(ground);
        ground.node_mut().service.start = command;
        if let Some(check) = check {
            ground.node_mut().service.check = check.to_owned();
        }
        let answer = ground.start(Start { within, ..start(ground, &first) });
        assert_eq!((answer.service, ground.is_up()), (Some(ServiceEnd::Stopped), false), "{answer:?}");
        answer.failed.expect("how it failed")
    };
    with_each_shell(|ground| {
        let how = failed(ground, "echo 'no such unit' >&2; exit 4".to_owned(), None, LONG);
        assert_eq!(how.to_string(), "exit 4: no such unit");
    });
    let up = |ground: &Ground| ground.home.path().join("up").display().to_string();
    let mut ground = Ground::new("dash");
    let hangs = format!("sleep 1000; : >'{}'", up(&ground));
    assert_eq!(failed(&mut ground, hangs, None, SHORT).status, Status::TimedOut);
    let mut ground = Ground::new("bash");
    let never = format!(": >'{}'", up(&ground));
    assert_eq!(failed(&mut ground, never, Some("exit 3"), SHORT).status, Status::Exit(0));
    let mut odd = Ground::new("dash");
    let (first, _) = two_terms(&odd);
    odd.node_mut().service.check = "no-such-command-at-all".to_owned();
    assert_eq!(odd.start(start(&odd, &first)).refused, Some(Refusal::Check("127".to_owned())));
}

/// A daemon keeps what it was given: it must be neither the channel of who asked nor the lock.
#[test]
fn a_service_that_stays_in_the_session_of_its_start_holds_up_nobody() {
    with_each_shell(|ground| {
        let (first, second) = two_terms(ground);
        let pid = ground.home.path().join("pid").display().to_string();
        let runs = format!("read -r pid <'{pid}' && ps -o stat= -p \"$pid\" | grep -q '^[^Z]'");
        let service = &mut ground.node_mut().service;
        service.start = format!("sleep 1000 & echo $! >'{pid}'");
        service.stop = format!("read -r pid <'{pid}' && kill \"$pid\"");
        service.kill.clone_from(&service.stop);
        service.check = runs;
        let begun = Instant::now();
        let answer = ground.start(start(ground, &first));
        assert_eq!(answer.service, Some(ServiceEnd::Started), "{answer:?}");
        let answer = ground.raise(raise(ground, &second));
        assert_eq!(answer.service, Some(ServiceEnd::Stopped), "{answer:?}");
        assert!(begun.elapsed() < LONG);
    });
}

/// While a start is under way a raise waits, and then finds what was started; a claim does not wait.
#[test]
fn whatever_comes_first_nothing_runs_after_a_raise() {
    with_every_shell(|ground| {
        let (first, _) = two_terms(ground);
        let up = ground.home.path().join("up").display().to_string();
        let [begun, go] = ["begun", "go"].map(|name| ground.home.path().join(name));
        let until_go = format!("until [ -e '{}' ]; do sleep 0.05; done", go.display());
        // A while after that, in which the raise comes.
        ground.node_mut().service.start = format!(": >'{}'; {until_go}; sleep 0.3; : >'{up}'", begun.display());
        let mut starting = ground.command(&step::start(ground.address(), &start(ground, &first)));
        let starting = starting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
        until("the start is under way", LONG, || begun.exists().then_some(()));
        let second = ground.hold(&ground.term(2, "m", &[&first]));
        assert!(!ground.is_up(), "the claim did not wait for it");
        std::fs::write(go, "").expect("a mark");
        let answer = ground.raise(raise(ground, &second));
        assert!(answer.service.is_some_and(ServiceEnd::is_down) && !ground.is_up(), "{answer:?}");
        let answer = ground.answer(&wait(starting, LONG));
        assert_eq!((answer.refused, answer.service), (Some(Refusal::Superseded(second)), Some(ServiceEnd::Stopped)));
        assert!(!ground.is_up());
    });
}

/// A start that is killed in the middle may still bring the service up: a raise waits for its watchdog and then kills.
#[test]
fn a_start_that_was_killed_does_not_come_back_after_a_raise() {
    let mut ground = Ground::new("dash");
    let (first, second) = two_terms(&ground);
    let up = ground.home.path().join("up").display().to_string();
    let begun = ground.home.path().join("begun");
    ground.node_mut().service.start = format!(": >'{}'; sleep 0.5; : >'{up}'", begun.display());
    let starting = Start { within: SHORT, ..start(&ground, &first) };
    let mut starting = ground.command(&step::start(ground.address(), &starting));
    let mut starting = starting.stdout(Stdio::null()).spawn().expect("sh runs");
    until("the start is under way", LONG, || begun.exists().then_some(()));
    starting.kill().expect("killed");
    starting.wait().expect("reaped");
    let answer = ground.raise(raise(&ground, &second));
    assert!(answer.service.is_some_and(ServiceEnd::is_down) && !ground.is_up(), "{answer:?}");
    assert!(!ground.file(".git/m3m-starting").exists());
}

/// Without flock and setsid, as on other systems: git's own compare-and-set is the lock.
#[test]
fn one_step_at_a_time_without_flock() {
    let programs = ["git", "date", "sleep", "sed", "head", "cut", "tr", "cat", "rm", "wc", "sort", "printf"];
    with_each_shell(|ground| {
        let (first, second) = two_terms(ground);
        ground.only(&programs);
        assert_eq!(ground.start(start(ground, &first)).service, Some(ServiceEnd::Started));
        assert!(ground.git(&["for-each-ref", "refs/m3m/lock"]).is_empty(), "it is given back");
        // Another boot's holder, then a dead one, then a live one.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("the boot");
        let hold = |holder: &str| {
            let path = ground.home.write("holder", format!("{holder}\n"));
            let blob = ground.git(&["hash-object", "-w", path.to_str().expect("UTF-8")]);
            ground.git(&["update-ref", "refs/m3m/lock", &blob]);
        };
        let dead = finish(std::process::Command::new("sh").args(["-c", "echo $$"])).stdout;
        for stale in [format!("{} another", std::process::id()), format!("{} {}", dead.trim(), boot.trim())] {
            hold(&stale);
            assert_eq!(ground.start(start(ground, &first)).service, Some(ServiceEnd::Running), "{stale}");
        }
        hold(&format!("{} {}", std::process::id(), boot.trim()));
        let uptime = std::fs::read_to_string("/proc/uptime").expect("the time since the boot");
        let now: f64 = uptime.split(' ').next().and_then(|word| word.parse().ok()).expect("seconds");
        ground.not_after.clock = Some(Duration::from_secs_f64(now + 0.3));
        assert_eq!(ground.raise(raise(ground, &second)).refused, Some(Refusal::Late));
        assert!(ground.is_up(), "nobody takes the lock of the living");
    });
}

/// A step that was frozen with its lock awaited finds that it is late when it has it.
#[test]
fn a_step_that_waits_for_the_lock_is_not_done_late() {
    let ground = &mut Ground::new("busybox");
    let (_, second) = two_terms(ground);
    ground.set_up(true);
    let lock = ground.file(".git/m3m.lock");
    let held = std::fs::File::create(&lock).expect("the lock's file");
    held.lock().expect("the lock");
    let uptime = std::fs::read_to_string("/proc/uptime").expect("the time since the boot");
    let now: f64 = uptime.split(' ').next().and_then(|word| word.parse().ok()).expect("seconds");
    ground.not_after.clock = Some(Duration::from_secs_f64(now + 0.3));
    assert_eq!(ground.raise(raise(ground, &second)).refused, Some(Refusal::Late));
    assert!(ground.is_up());
}

/// Who asked may be gone before the first word of the answer: what was begun comes to its end, and no lock stays.
#[test]
fn a_step_whose_asker_hangs_up_is_brought_to_its_end() {
    with_each_shell(|ground| {
        let (_, second) = two_terms(ground);
        ground.set_up(true);
        let mut command = ground.command(&step::raise(ground.address(), &raise(ground, &second)));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("sh runs");
        drop(child.stdout.take());
        child.wait().expect("it ends");
        assert!(!ground.is_up());
        assert_eq!(ground.git(&["rev-parse", "refs/m3m/term"]), second);
    });
}
