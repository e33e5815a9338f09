//! A cell within reach of the test itself, through the library: what no verb shows yet.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use m3m::cell::carry::{Carried, Load, NotCarried};
use m3m::cell::{Cell, Workstation};
use m3m::core::event::{Event, Listener};
use m3m::core::inventory::NodeName;
use m3m::core::observation::Picture;
use m3m::world::inventory_file;
use m3m::world::scratch::Scratch;
use m3m::world::ssh::{Input, Keep, RemoteCommand, Reply, Session, Sink};
use tokio::runtime::Runtime;

use crate::sshd::user;
use crate::support::Home;

/// Generous: what takes this long is a hang.
pub const SOON: Duration = Duration::from_secs(60);
/// The most memory for output.
pub const OUTPUT_BYTES_MAX: usize = 32 << 20;

/// A cell, and the runtime in which it is used.
pub struct Hands {
    pub cell: Cell,
    runtime: Runtime,
}

/// Whoever hears nothing.
struct Nobody;

impl Listener for Nobody {
    fn hear(&mut self, _: &Event<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

impl Hands {
    pub fn open(home: &Home, inventory: &Path) -> Self {
        let inventory = inventory_file::load(inventory).expect("an inventory");
        let nodes: Vec<NodeName> = inventory.nodes.iter().map(|node| node.name.clone()).collect();
        let (at_home, state) = (home.path().to_owned(), home.path().join("state/m3m"));
        let workstation = Workstation { home: Some(at_home), user: Some(user()), state: Some(state) };
        let cell = Cell::open(inventory, &nodes, Keep::Standing, &workstation, &mut |_, _| None).expect("a cell");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { cell, runtime }
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub fn gather(&self, timeout: Duration) -> Picture {
        self.wait(self.cell.gather(timeout, &mut Nobody)).expect("nobody minds")
    }

    pub fn session(&self, node: &str) -> Arc<Session> {
        self.cell.session(&name(node)).expect("a session")
    }

    pub fn repository(&self, node: &str) -> String {
        self.cell.inventory().node(&name(node)).expect("a node").repository.path.clone()
    }

    /// Runs a line with this input, its output in memory.
    pub fn run(&self, node: &str, line: &str, input: Input) -> Reply {
        self.run_within(node, command(line, input), SOON)
    }

    pub fn run_within(&self, node: &str, command: RemoteCommand, timeout: Duration) -> Reply {
        let session = self.session(node);
        self.wait(session.exec(command, Instant::now() + timeout))
    }

    /// What a git command prints in the repository of a node.
    #[track_caller]
    pub fn git(&self, node: &str, arguments: &str) -> String {
        let git = "git -c user.name=Test -c user.email=test@localhost";
        let reply = self.run(node, &format!("{git} -C '{}' {arguments}", self.repository(node)), Input::None);
        assert_eq!((reply.exit_status, &reply.broken), (Some(0), &None), "{arguments}: {reply:?}");
        String::from_utf8_lossy(&reply.stdout).trim_end().to_owned()
    }

    /// A commit above the head of a node, with so many MiB that cannot be compressed; no branch names it.
    #[track_caller]
    pub fn large_commit(&self, node: &str, mib: usize) -> String {
        let repository = self.repository(node);
        let blob = format!(
            "dd if=/dev/urandom bs=1048576 count={mib} 2>/dev/null | git -C '{repository}' hash-object -t blob -w --stdin"
        );
        let blob = self.run(node, &blob, Input::None);
        let blob = String::from_utf8_lossy(&blob.stdout).trim_end().to_owned();
        let tree = format!("printf '100644 blob %s\\tlarge\\n' {blob} | git -C '{repository}' mktree");
        let tree = String::from_utf8_lossy(&self.run(node, &tree, Input::None).stdout).trim_end().to_owned();
        self.git(node, &format!("commit-tree -p HEAD -m large {tree}"))
    }

    pub fn carry(
        &self,
        from: &str,
        to: &str,
        wanted: &str,
        take: &str,
        timeout: Duration,
    ) -> Result<Carried, NotCarried> {
        let (here, there) = (self.repository(from), self.repository(to));
        let pack = format!(
            "echo Welcome; printf 'm3m-pack 1\\n'; printf '%s\\n' {wanted} --not HEAD | \
             git -C '{here}' pack-objects -q --revs --stdout --thin"
        );
        let take = format!("repository='{there}' id={wanted}; echo Welcome; {take}");
        let load = Load { pack, take: &|_| take.clone(), wanted: &[wanted.to_owned()], bytes_max: 64 << 20 };
        self.wait(self.cell.carry(&name(from), &name(to), load, Instant::now() + timeout))
    }
}

/// How a sound node takes a pack in.
pub const TAKE: &str = "echo 'm3m-step 1'; git -C \"$repository\" index-pack --stdin --fix-thin --strict >/dev/null && \
     git -C \"$repository\" rev-list --objects --quiet $id --not --all && echo \"took $id\"; echo m3m-end";

pub fn name(node: &str) -> NodeName {
    node.parse().expect("a name")
}

pub fn command(line: &str, input: Input) -> RemoteCommand {
    let line = line.to_owned();
    RemoteCommand { input, ..RemoteCommand::new(move |_| line.clone(), OUTPUT_BYTES_MAX) }
}

/// Bytes of every value, the same each time and hard to compress.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()
    });
    words.flatten().take(count).collect()
}

/// Inputs of no byte, one and many go through `cat` as they are, and a command hears their end.
#[track_caller]
pub fn assert_binary_clean(hands: &Hands, node: &str) {
    for count in [0, 1, 20 << 20] {
        let bytes = noise(count);
        let reply = hands.run(node, "cat; echo end >&2", Input::Bytes(bytes.as_slice().into()));
        assert_eq!((&reply.broken, reply.stderr.as_slice()), (&None, &b"end\n"[..]), "{node}: {count}");
        assert!(reply.stdout == bytes, "{node}: {} bytes came back of {count}", reply.stdout.len());
    }
}

/// A command need not read its input.
#[track_caller]
pub fn assert_input_may_be_left(hands: &Hands, node: &str) {
    let bytes: Arc<[u8]> = noise(10 << 20).into();
    for (line, said) in [("true", ""), ("echo no", "no\n"), ("head -c 100000 >/dev/null; echo part", "part\n")] {
        let reply = hands.run(node, line, Input::Bytes(Arc::clone(&bytes)));
        let got = (reply.exit_status, &reply.broken, String::from_utf8_lossy(&reply.stdout).into_owned());
        assert_eq!(got, (Some(0), &None, said.to_owned()), "{node}: {line}");
    }
    // The session is as good as before.
    assert_eq!(hands.run(node, "echo more", Input::None).stdout, b"more\n", "{node}");
}

/// An output of any bytes goes into a file from its mark on, up to a cap, and back from there.
#[track_caller]
pub fn assert_output_fits_a_file(hands: &Hands, node: &str) {
    let bytes = noise(5 << 20);
    let sunk = |bytes_max| {
        let file = Scratch::create(None).expect("a file");
        let sink = Some(Sink { after: "mark", file: file.clone(), bytes_max });
        let echo = command("echo Welcome; echo to mark; echo mark; cat", Input::Bytes(bytes.as_slice().into()));
        (hands.run_within(node, RemoteCommand { sink, ..echo }, SOON), file)
    };
    let (reply, file) = sunk(5 << 20);
    assert_eq!((&reply.broken, reply.stored, file.bytes().expect("its size")), (&None, Some(5 << 20), 5 << 20));
    assert_eq!(reply.stdout, b"Welcome\nto mark\nmark\n");
    let back = hands.run(node, "cat", Input::File(file));
    assert!(back.stdout == bytes, "{} bytes came back", back.stdout.len());

    let (reply, file) = sunk((5 << 20) - 1);
    assert!(file.bytes().expect("its size") < 5 << 20);
    assert_eq!(reply.broken.expect("it is too long").to_string(), "output over 5119 KiB");
}
