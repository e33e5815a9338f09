use std::path::Path;

use super::*;

fn here(home: Option<&Path>) -> Here<'_> {
    Here { home, env: &|name| (name == "KEYS").then(|| "/run/keys".to_owned()) }
}

fn read(answer: &str) -> Result<HostConfig, String> {
    super::read(answer, &here(Some(Path::new("/fallback"))))
}

/// An answer with these lines beside the necessary ones.
fn answer(lines: &str) -> String {
    let told = TOKENS
        .replace("%d", "/home/ann")
        .replace("%n", "amber")
        .replace("%r", "bob")
        .replace("%p", "2222")
        .replace("%C", "0ab1");
    format!("host amber\nuser bob\nhostname 10.0.0.1\nport 2222\nciphers x\ncontrolpath {told}\n{lines}")
}

#[track_caller]
fn config(lines: &str) -> HostConfig {
    read(&answer(lines)).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn the_plain_answer() {
    let config = config(
        "addressfamily any\nidentitiesonly no\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\n\
         stricthostkeychecking ask\nhashknownhosts yes\nglobalknownhostsfile /etc/ssh/a /etc/ssh/b\n\
         userknownhostsfile /home/ann/.ssh/known_hosts\n",
    );
    assert_eq!((config.host_name.as_str(), config.port, config.user.as_str()), ("10.0.0.1", 2222, "bob"));
    let files = ["/home/ann/.ssh/id_rsa", "/home/ann/.ssh/id_ed25519"].map(PathBuf::from).to_vec();
    assert_eq!(config.keys, KeySource { files, ..KeySource::default() });
    let files = ["/home/ann/.ssh/known_hosts"].map(PathBuf::from).to_vec();
    let global_files = ["/etc/ssh/a", "/etc/ssh/b"].map(PathBuf::from).to_vec();
    let strict = HostKeySource { files, global_files, is_hashed: true, ..HostKeySource::default() };
    assert_eq!(config.host_keys, strict);
    assert_eq!((config.way, config.family, config.host_key_alias), (ConfiguredWay::Direct, AddressFamily::Any, None));
}

#[test]
fn what_ssh_expands_later_is_expanded() {
    let file = |text: &str| config(&format!("identityfile {text}\n")).keys.files[0].display().to_string();
    assert_eq!(file("~/.ssh/%r@%n_%h:%p"), "/home/ann/.ssh/bob@amber_10.0.0.1:2222");
    assert_eq!(file("${KEYS}/%%h$x"), "/run/keys/%h$x");
    assert_eq!(file("%d/%C"), "/home/ann/0ab1");
    assert!(config("identityfile none\n").keys.files.is_empty());
    for (text, why) in [("${NO}", "is not set"), ("%Z", "%Z is unknown"), ("a%", "single"), ("~bob/x", "only `~/`")] {
        let error = read(&answer(&format!("identityfile {text}\n"))).expect_err(text);
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn an_ssh_that_tells_no_tokens() {
    let bare = "user bob\nhostname h\nport 22\nidentityfile ~/x\n";
    assert_eq!(read(bare).expect("readable").keys.files[0], Path::new("/fallback/x"));
    assert!(super::read(bare, &here(None)).expect_err("no home").contains("no home directory"));
    assert_eq!(home_of(bare), None);
    assert_eq!(home_of(&answer("")).as_deref(), Some(Path::new("/home/ann")));
    assert!(read("user bob\nport 22\n").expect_err("no host name").contains("hostname"));
    assert!(read("user bob\nhostname h\nport 0\n").expect_err("no port").contains("port is 0"));
}

#[test]
fn agents() {
    let agent = |text: &str| config(&format!("identityagent {text}\n")).keys.agent;
    assert_eq!(agent("SSH_AUTH_SOCK"), AgentSocket::Usual);
    assert_eq!(agent("none"), AgentSocket::None);
    assert_eq!(agent("/run/a b"), AgentSocket::At("/run/a b".into()));
    assert_eq!(agent("/run/50%"), AgentSocket::At("/run/50%".into()));
    assert_eq!(agent("$KEYS"), AgentSocket::At("/run/keys".into()));
    assert_eq!(agent("$NO"), AgentSocket::None);
}

#[test]
fn host_keys() {
    let unknown = |text: &str| config(&format!("stricthostkeychecking {text}\n")).host_keys.unknown;
    for text in ["ask", "true", "yes", "what the future brings"] {
        assert_eq!(unknown(text), UnknownKey::Refused);
    }
    assert_eq!(unknown("accept-new"), UnknownKey::Recorded);
    for text in ["no", "off", "false"] {
        assert_eq!(unknown(text), UnknownKey::RecordedNotIgnored);
    }
    let files = |text: &str| config(&format!("userknownhostsfile {text}\n")).host_keys.files;
    assert_eq!(files("/a b/c /d"), [Path::new("/a b/c"), Path::new("/d")], "ssh prints no quotes");
    assert!(files("none").is_empty());
    assert_eq!(config("hostkeyalias amber\n").host_key_alias.as_deref(), Some("amber"));
}

#[test]
fn ways() {
    assert_eq!(config("proxyjump none\nproxycommand none\n").way, ConfiguredWay::Direct);
    assert_eq!(config("proxyjump %r@gate,b:22\n").way, ConfiguredWay::Jump("bob@gate,b:22".into()));
    assert_eq!(config("proxycommand nc \"%h\" %p\n").way, ConfiguredWay::Command("nc \"10.0.0.1\" 2222".into()));
}

#[test]
fn hops() {
    let hop = |user: Option<&str>, host: &str, port| Hop { user: user.map(str::to_owned), host: host.to_owned(), port };
    assert_eq!(chain("none"), Some(vec![]));
    let two = vec![hop(None, "a", None), hop(Some("u"), "b", Some(2022))];
    assert_eq!(chain("a,u@b:2022"), Some(two));
    assert_eq!(chain("[::1]:22"), Some(vec![hop(None, "::1", Some(22))]));
    assert_eq!(chain("fe80::1"), Some(vec![hop(None, "fe80::1", None)]));
    assert_eq!(chain("ssh://u@a:22/"), Some(vec![hop(Some("u"), "a", Some(22))]));
    for bad in ["", "a,", "-oProxyCommand=x", "a b", "@a", "a:0", "a:port", "[::1", "[::1]22", "a;b", "u@-a"] {
        assert_eq!(chain(bad), None, "{bad}");
    }
    assert_eq!(split_last("a,b,c"), Some((hop(None, "c", None), Some("a,b"))));
    assert_eq!(split_last("a"), Some((hop(None, "a", None), None)));
}

#[test]
fn what_a_file_reads() {
    let text = "# Include no\nHost a\n  Include conf.d/*.conf ~/.ssh/more\nINCLUDE = /x/y\nIdentityFile ${A}/${B}/${A}\n\
                Match host \"quoted\"\n";
    let seen = reads(&text.replace("\"quoted\"", "plain !localuser ann"));
    let (directory, file) = (|path: &str| Include::Directory(path.into()), |path: &str| Include::File(path.into()));
    assert_eq!(seen.includes, [directory("conf.d"), file("~/.ssh/more"), file("/x/y")]);
    assert_eq!(seen.variables, ["A", "B"]);
    assert!(!seen.is_volatile);
    assert!(reads(text).is_volatile, "not taken apart");
    for volatile in [
        "Match exec true",
        "match host a EXEC \"test -e x\"",
        "Match !exec x",
        "Match canonical host a",
        "Match final",
        "Match localnetwork 10.0.0.0/8",
        "Match host=a",
        "CanonicalizeHostname yes",
        "Include */conf",
        "Include \"a b\"",
        "Include ~bob/x",
        "Include ${HOME}/x",
        "Include %d/x",
        "\"Include\" x",
    ] {
        assert!(reads(volatile).is_volatile, "{volatile}");
    }
    for fixed in
        ["Match all", "Match user root originalhost a,b", "CanonicalizeHostname no", "Host *", "Include /*.conf"]
    {
        assert!(!reads(fixed).is_volatile, "{fixed}");
    }
}

#[test]
fn only_what_counts_is_kept() {
    let kept = digest(&answer("macs a,b\nidentityfile ~/x\n"));
    assert!(kept.contains("identityfile ~/x\n") && !kept.contains("macs") && !kept.contains("ciphers"), "{kept}");
    assert_eq!(read(&kept), read(&answer("identityfile ~/x\n")));
}
