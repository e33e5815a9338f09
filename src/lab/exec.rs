//! Runs the command of a channel with the node's own `sh`, and carries its bytes.
//!
//! As under OpenSSH, the end of a session closes the pipes of what it started and kills nothing, but hangs up a terminal.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{ExitStatus, Stdio};

use russh::server::{Handle, Msg};
use russh::{ChannelWriteHalf, Sig};
use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};

use super::layout::NodeDir;
use super::processes;
use super::pty::Pty;
use super::running::{Input, Running};

/// The number of the one kind of extended data: stderr.
const EXTENDED_STDERR: u32 = 1;

/// A program in the node's environment: its home, its PATH, nothing of the caller's but user name and PATH.
pub(super) fn program(program: impl AsRef<std::ffi::OsStr>, node: &NodeDir) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    let user = user_name();
    command.current_dir(node.home()).env_clear().envs([("LOGNAME", &user), ("USER", &user)]).envs([
        ("PATH", path(node)),
        ("HOME", node.home().into_os_string()),
        ("SHELL", "/bin/sh".into()),
        ("LANG", "C.UTF-8".into()),
        (processes::MARK, node.path().as_os_str().to_owned()),
    ]);
    command
}

/// The name of the user who runs this, as the node's user.
pub(super) fn user_name() -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    named
        .or_else(|| {
            let output = std::process::Command::new("id").arg("-un").output().ok()?;
            Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|name| !name.is_empty())
        })
        .unwrap_or_else(|| rustix::process::getuid().as_raw().to_string())
}

fn path(node: &NodeDir) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    // On the node itself the directory stands there already.
    let rest = std::env::split_paths(&rest).filter(|dir| *dir != node.bin());
    let dirs: Vec<_> = std::iter::once(node.bin()).chain(rest).collect();
    // It fails for a directory with a colon in its name, where no lab is made.
    std::env::join_paths(dirs).unwrap_or_else(|_| "/usr/bin:/bin".into())
}

/// Starts `sh` with these arguments, in a terminal where there is one, and connects it with the channel.
pub(super) fn start(
    node: &NodeDir,
    arguments: &[&std::ffi::OsStr],
    pty: Option<&Pty>,
    git_protocol: Option<&str>,
    out: ChannelWriteHalf<Msg>,
    handle: Handle,
) -> io::Result<Running> {
    let mut command = pty.map_or_else(|| program("/bin/sh", node), |pty| pty.sh(node, arguments));
    if pty.is_none() {
        command.args(arguments);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(version) = git_protocol {
        command.env("GIT_PROTOCOL", version);
    }
    // sshd gives every session a group of its own, and a script may well signal its group. Without a /proc to find
    // them by, the node's group is the only thing that holds its processes together.
    if cfg!(target_os = "linux") {
        command.process_group(0);
    }
    // A terminal goes away with its client, and the kernel tells those who work in it.
    let mut child = tokio::process::Command::from(command).kill_on_drop(pty.is_some()).spawn()?;
    let stdin = child.stdin.take();
    Ok(Running::start(move |input| async move {
        tokio::select! {
            () = serve(child, out, handle) => {}
            () = async { feed(stdin, input).await; std::future::pending().await } => {}
        }
    }))
}

async fn feed(pipe: Option<ChildStdin>, mut input: Input) {
    let Some(mut pipe) = pipe else { return };
    while let Some(data) = input.recv().await {
        // The command reads no more: the rest of its input is nobody's.
        if pipe.write_all(&data).await.is_err() {
            return;
        }
    }
}

async fn serve(mut child: Child, out: ChannelWriteHalf<Msg>, handle: Handle) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // The status goes out when the command ends; the channel stays open as long as a child of it holds an output.
    tokio::join!(
        async {
            if let Ok(status) = child.wait().await {
                report(status, &out, &handle).await;
            }
        },
        carry(stdout, out.make_writer()),
        carry(stderr, out.make_writer_ext(Some(EXTENDED_STDERR))),
    );
    // They fail if the session is gone: then there is nobody to tell.
    let _ = out.eof().await;
    let _ = out.close().await;
}

async fn carry(from: Option<impl AsyncRead + Unpin>, mut to: impl AsyncWrite + Unpin) {
    if let Some(mut from) = from {
        // An error on either side ends the stream, which is all there is to say.
        let _ = tokio::io::copy(&mut from, &mut to).await;
    }
}

async fn report(status: ExitStatus, out: &ChannelWriteHalf<Msg>, handle: &Handle) {
    let code = status.code().and_then(|code| u32::try_from(code).ok());
    // They fail if the session is gone: then there is nobody to tell.
    if let Some(code) = code {
        let _ = out.exit_status(code).await;
    } else {
        let name = signal_name(status.signal().unwrap_or_default());
        let _ = handle.exit_signal_request(out.id(), name, status.core_dumped(), String::new(), String::new()).await;
    }
}

/// The protocol's name of a signal (RFC 4254, 6.10).
fn signal_name(number: i32) -> Sig {
    let known = [
        (Signal::ABORT, Sig::ABRT),
        (Signal::ALARM, Sig::ALRM),
        (Signal::FPE, Sig::FPE),
        (Signal::HUP, Sig::HUP),
        (Signal::ILL, Sig::ILL),
        (Signal::INT, Sig::INT),
        (Signal::KILL, Sig::KILL),
        (Signal::PIPE, Sig::PIPE),
        (Signal::QUIT, Sig::QUIT),
        (Signal::SEGV, Sig::SEGV),
        (Signal::TERM, Sig::TERM),
        (Signal::USR1, Sig::USR1),
    ];
    let found = known.into_iter().find(|(signal, _)| signal.as_raw() == number);
    found.map_or_else(|| Sig::Custom("SIG@m3m".to_owned()), |(_, name)| name)
}
