//! Moving state: exhale, inhale, pack and take, as nodes do it.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;

use m3m::core::duty::Duty;
use m3m::core::step::{self, Merged, Raise, Refusal, ServiceEnd, Start};

use crate::step_ground::{Ground, LONG, with_each_shell, with_every_shell};

fn exhale(commit: &str) -> Raise<'_> {
    Raise { commit, role: None, service: None, stop_within: LONG, kill_within: LONG, exhale: true }
}

/// The node holds a second term.
fn second_term(ground: &Ground) -> String {
    let first = ground.hold(&ground.term(1, "p", &[]));
    ground.hold(&ground.term(2, "m", &[&first]))
}

/// A commit that is on no branch, with these files and nothing else; an empty text removes one.
fn elsewhere(ground: &Ground, from: &str, files: &[(&str, &str)]) -> String {
    ground.git(&["checkout", "-q", "--detach", from]);
    for (name, text) in files {
        if text.is_empty() {
            ground.git(&["rm", "-q", "-r", name]);
        } else {
            ground.write(name, text);
        }
    }
    let commit = ground.commit("elsewhere");
    ground.git(&["checkout", "-q", "main"]);
    commit
}

#[test]
fn an_exhale_loses_nothing() {
    with_every_shell(|ground| {
        ground.write(".gitignore", "*.log\n");
        for name in ["gone", "changed", "mode", "-dash", "a b/c", "turned"] {
            ground.write(name, "old\r\n");
        }
        ground.commit("before");
        let term = second_term(ground);
        std::fs::remove_file(ground.file("gone")).expect("removed");
        std::fs::remove_file(ground.file("turned")).expect("removed");
        ground.write("turned/into a directory", "1");
        ground.write("changed", "new\r\n");
        ground.write("line\nbreak 'quoted' \"é\"\t", "odd");
        ground.write("left.log", "stays out");
        std::fs::set_permissions(ground.file("mode"), std::fs::Permissions::from_mode(0o755)).expect("a mode");
        symlink("changed", ground.file("link")).expect("a link");
        ground.git(&["config", "core.autocrlf", "true"]);

        let before = ground.git(&["rev-parse", "HEAD"]);
        let answer = ground.raise(exhale(&term));
        assert_eq!((&answer.refused, answer.uncommitted), (&None, Some(0)), "{answer:?}");
        let head = ground.git(&["rev-parse", "HEAD"]);
        assert_eq!((answer.head.as_ref(), head != before), (Some(&head), true));
        assert_eq!(
            ground.git(&["log", "-1", "--format=%s|%P|%an"]),
            format!("m3m: exhale of p, written under term 1|{before}|m3m")
        );
        let listed = ground.git(&["ls-tree", "-r", "-z", "HEAD"]);
        for found in
            ["100755", "120000", "\tline\nbreak 'quoted' \"é\"\t\0", "\tturned/into a directory\0", "\t-dash\0"]
        {
            assert!(listed.contains(found), "{found}: {listed:?}");
        }
        assert!(!listed.contains("gone") && !listed.contains("left.log"), "{listed:?}");
        assert_eq!(ground.git(&["cat-file", "-s", "HEAD:changed"]), "5", "byte by byte");
        // Again: nothing new.
        assert_eq!(ground.raise(exhale(&term)).head, Some(head));
    });
}

#[test]
fn a_work_tree_that_must_not_be_committed_is_named() {
    let ground = &mut Ground::new("dash");
    let term = second_term(ground);
    ground.write("new", "1");
    let refused = || ground.raise(exhale(&term)).refused.expect("a refusal");
    let git_dir = ground.file(".git");

    std::fs::write(git_dir.join("MERGE_HEAD"), "").expect("a sign");
    assert_eq!(refused(), Refusal::Unfinished("MERGE_HEAD".to_owned()));
    std::fs::remove_file(git_dir.join("MERGE_HEAD")).expect("removed");
    ground.git(&["checkout", "-q", "-b", "side"]);
    assert_eq!(refused(), Refusal::Branch("side".to_owned()));
    ground.git(&["checkout", "-q", "--detach"]);
    assert_eq!(refused(), Refusal::Branch(String::new()));
    ground.git(&["checkout", "-q", "main"]);
    std::fs::write(git_dir.join("refs/heads/main.lock"), "").expect("a lock");
    assert!(matches!(refused(), Refusal::LockFile(lock) if lock.ends_with("main.lock")));
    std::fs::remove_file(git_dir.join("refs/heads/main.lock")).expect("removed");
    assert_eq!(ground.raise(exhale(&term)).refused, None);
    let ground = Ground::new("dash");
    let term = second_term(&ground);
    let lock = ground.file(".git/index.lock");
    std::fs::write(&lock, "").expect("a lock");
    assert_eq!(ground.raise(exhale(&term)).refused, Some(Refusal::LockFile(lock.display().to_string())));
    assert!(lock.exists());
}

#[test]
fn a_branch_without_a_commit_gets_its_first() {
    let ground = &mut Ground::new("dash");
    let wanted = elsewhere(ground, "main", &[("a", "1")]);
    let term = second_term(ground);
    ground.git(&["update-ref", "-d", "refs/heads/main"]);
    ground.git(&["read-tree", "--empty"]);
    let answer = ground.raise(exhale(&term));
    assert_eq!((answer.head, answer.refused, answer.uncommitted), (None, None, Some(0)));
    let answer = ground.inhale(&term, &wanted);
    assert_eq!((answer.head, answer.refused), (Some(wanted), None));
    assert_eq!(ground.read("a"), "1");
}

#[test]
fn an_inhale_that_only_has_to_follow() {
    let ground = &mut Ground::new("bash");
    ground.write("same", "1");
    ground.write("gone", "1");
    let own = ground.commit("own");
    let wanted = elsewhere(ground, "main", &[("new/one", "2"), ("gone", "")]);
    let term = second_term(ground);
    let inode =
        |name: &str| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(ground.file(name)).expect("a file"));
    let before = inode("same");
    let answer = ground.inhale(&term, &wanted);
    assert_eq!((&answer.refused, answer.head.as_ref(), answer.merged), (&None, Some(&wanted), None), "{answer:?}");
    assert_eq!((ground.read("new/one").as_str(), ground.file("gone").exists()), ("2", false));
    assert_eq!((ground.git(&["rev-parse", "main"]), inode("same")), (wanted.clone(), before));
    assert!(ground.git(&["status", "--porcelain"]).is_empty());
    // Again, and to what it has already.
    for id in [&wanted, &own] {
        assert_eq!(ground.inhale(&term, id).head.as_ref(), Some(&wanted));
    }
}

/// As after a kill between the two: the files are there, the branch is not.
#[test]
fn an_inhale_that_was_cut_off_is_finished_by_another() {
    let ground = &mut Ground::new("busybox");
    ground.write("changed", "1");
    ground.write("other", "1");
    let own = ground.commit("own");
    let wanted = elsewhere(ground, "main", &[("changed", "2"), ("other", "2"), ("new", "2")]);
    let term = second_term(ground);
    ground.git(&["read-tree", "-m", "-u", "HEAD", &wanted]);
    assert_eq!(ground.inhale(&term, &wanted).head.as_ref(), Some(&wanted), "no commit of its own is made");
    // And in the middle of the files.
    ground.git(&["reset", "-q", "--hard", &own]);
    ground.write("changed", "2");
    let answer = ground.inhale(&term, &wanted);
    assert_eq!((answer.refused, answer.uncommitted), (None, Some(0)));
    assert_eq!(ground.git(&["diff", "--name-only", &wanted, "HEAD"]), "");
    ground.git(&["merge-base", "--is-ancestor", &wanted, "HEAD"]);
}

#[test]
fn where_both_sides_wrote_the_wanted_one_wins_and_nothing_is_lost() {
    with_every_shell(|ground| {
        for name in ["both", "theirs", "ours", "we removed", "they removed", "quo\"te"] {
            ground.write(name, "1");
        }
        ground.commit("base");
        let wanted = elsewhere(
            ground,
            "main",
            &[
                ("both", "theirs"),
                ("theirs", "theirs"),
                ("they removed", ""),
                ("we removed", "theirs"),
                ("quo\"te", "theirs"),
                ("added", "theirs"),
            ],
        );
        for (name, text) in
            [("both", "own"), ("ours", "own"), ("they removed", "own"), ("quo\"te", "own"), ("added", "own")]
        {
            ground.write(name, text);
        }
        std::fs::remove_file(ground.file("we removed")).expect("removed");
        let own = ground.commit("own");
        ground.write("not committed", "own");
        let term = second_term(ground);
        let answer = ground.inhale(&term, &wanted);
        assert_eq!((&answer.refused, answer.merged, answer.uncommitted), (&None, Some(Merged::Paths(5)), Some(0)));
        for (name, text) in [
            ("both", "theirs"),
            ("theirs", "theirs"),
            ("ours", "own"),
            ("we removed", "theirs"),
            ("quo\"te", "theirs"),
            ("added", "theirs"),
            ("not committed", "own"),
        ] {
            assert_eq!(ground.read(name), text, "{name}");
        }
        assert!(!ground.file("they removed").exists());
        assert_eq!(ground.git(&["rev-parse", "HEAD^1"]), wanted);
        ground.git(&["merge-base", "--is-ancestor", &own, "HEAD^2"]);
        assert!(ground.git(&["status", "--porcelain"]).is_empty());
        assert_eq!(ground.inhale(&term, &wanted).head, answer.head, "again");
    });
}

#[test]
fn whoever_executed_last_keeps_its_own() {
    with_each_shell(|ground| {
        ground.write("both", "1");
        ground.commit("base");
        let wanted = elsewhere(ground, "main", &[("both", "theirs"), ("theirs", "theirs")]);
        let first = ground.hold(&ground.term(1, "p", &[]));
        let service = &ground.node().service;
        let (duty, expected_head) = (Duty::Primary, None);
        let start = Start { commit: &first, duty, expected_head, service, within: LONG, kill_within: LONG };
        assert_eq!(ground.start(start).service, Some(ServiceEnd::Started));
        ground.write("both", "own");
        // Terms that leave it PRIMARY change nothing of that.
        let second = ground.hold(&ground.term(2, "p", &[&first]));
        let answer = ground.inhale(&second, &wanted);
        assert_eq!((&answer.refused, answer.merged), (&None, Some(Merged::Kept(1))));
        assert_eq!((ground.read("both"), ground.read("theirs")), ("own".into(), "theirs".into()));
        ground.git(&["merge-base", "--is-ancestor", &wanted, "HEAD"]);
        // Once somebody else was PRIMARY, what that wrote is newer.
        let third = ground.hold(&ground.term(3, "m", &[&second]));
        let fourth = ground.hold(&ground.term(4, "p", &[&third]));
        let newer = elsewhere(ground, &wanted, &[("both", "newer")]);
        assert_eq!(ground.inhale(&fourth, &newer).merged, Some(Merged::Paths(1)));
        assert_eq!(ground.read("both"), "newer");
    });
}

#[test]
fn a_file_against_a_directory_is_decided_too() {
    let ground = &mut Ground::new("busybox");
    ground.write("x", "1");
    ground.commit("base");
    let wanted = elsewhere(ground, "main", &[("a", "file"), ("b/deep", "dir"), ("x", ""), ("x/y", "dir")]);
    ground.write("a/deep", "own dir");
    ground.write("b", "own file");
    ground.write("x", "own");
    let own = ground.commit("own");
    let term = second_term(ground);
    let answer = ground.inhale(&term, &wanted);
    assert!(answer.refused.is_none() && answer.merged.is_some(), "{answer:?}");
    assert_eq!(
        (ground.read("a"), ground.read("b/deep"), ground.read("x/y")),
        ("file".into(), "dir".into(), "dir".into())
    );
    ground.git(&["merge-base", "--is-ancestor", &own, "HEAD"]);
    assert!(ground.git(&["status", "--porcelain"]).is_empty());
}

#[test]
fn histories_that_have_nothing_in_common_are_joined() {
    let ground = &mut Ground::new("dash");
    ground.write("ours", "own");
    ground.commit("own");
    let tree = ground.git(&["rev-parse", "HEAD^{tree}"]);
    let wanted = ground.git(&["commit-tree", "-m", "stranger", &tree]);
    let term = second_term(ground);
    let answer = ground.inhale(&term, &wanted);
    assert_eq!((answer.refused, answer.merged), (None, Some(Merged::Paths(0))));
    assert_eq!(ground.read("ours"), "own");
}

#[test]
fn an_ignored_file_in_the_way_is_named_and_kept() {
    let ground = &mut Ground::new("dash");
    let wanted = elsewhere(ground, "main", &[("state.log", "theirs")]);
    ground.write(".git/info/exclude", "*.log\n");
    ground.write("state.log", "own");
    let term = second_term(ground);
    let answer = ground.inhale(&term, &wanted);
    let Some(Refusal::Git(said)) = &answer.refused else { panic!("{answer:?}") };
    assert!(said.contains("state.log"), "{said}");
    assert_eq!(ground.read("state.log"), "own");
    let unknown = "1".repeat(40);
    assert_eq!(ground.inhale(&term, &unknown).refused, Some(Refusal::Missing(unknown)));
    let other = ground.git(&["rev-parse", "HEAD"]);
    assert_eq!(ground.inhale(&other, &wanted).refused, Some(Refusal::Rival(term)));
}

#[test]
fn a_pack_goes_from_node_to_node() {
    with_every_shell(|ground| {
        let taker = Ground::new("dash");
        let base = ground.git(&["rev-parse", "HEAD"]);
        // The two have a history in common.
        let from = format!("file://{}", ground.tree.display());
        taker.git(&["fetch", "-q", &from, "main"]);
        taker.git(&["reset", "-q", "--hard", &base]);
        ground.write("data", &"state ".repeat(1000));
        let wanted = ground.commit("state");
        let ids = [wanted.clone()];
        let pack = |known: &[String]| {
            let line = step::pack(ground.tree.to_str().expect("UTF-8"), &ids, known);
            let out =
                ground.command(&format!("echo Welcome; {line}")).stderr(Stdio::inherit()).output().expect("sh runs");
            assert!(out.status.success(), "{out:?}");
            let begin = format!("{}\n", step::PACK_BEGIN).into_bytes();
            let at = out.stdout.windows(begin.len()).position(|window| window == begin).expect("the mark");
            out.stdout[at + begin.len()..].to_vec()
        };
        let (thin, whole) = (pack(&[base.clone(), "1".repeat(40)]), pack(&[]));
        assert!(thin.starts_with(b"PACK") && thin.len() < whole.len());
        let take = |bytes: &[u8], wanted: &[String]| {
            let path = taker.home.write("pack", bytes);
            let mut command = taker.command(&step::take(taker.address(), wanted));
            taker.answer(&crate::support::finish(command.stdin(std::fs::File::open(path).expect("the pack"))))
        };
        assert!(matches!(take(&thin[..thin.len() - 30], &ids).refused, Some(Refusal::Git(_))), "cut off");
        assert!(matches!(take(b"", &ids).refused, Some(Refusal::Git(_))));
        assert_eq!(take(&pack(&ids), &ids).refused, Some(Refusal::Missing(wanted.clone())));
        for _ in 0..2 {
            let answer = take(&thin, &ids);
            assert_eq!((&answer.refused, &answer.took[..]), (&None, &ids[..]));
        }
        let term = second_term(&taker);
        assert_eq!(taker.inhale(&term, &wanted).head, Some(wanted.clone()));
        assert!(Path::new(&taker.file("data")).exists());
        let unknown = step::pack(ground.tree.to_str().expect("UTF-8"), &["1".repeat(40)], &[]);
        let out = ground.command(&unknown).stderr(Stdio::piped()).output().expect("sh runs");
        assert!(!out.status.success() && out.stdout.is_empty(), "{out:?}");
    });
}
