//! What stands behind a channel of a node: a command or a forwarded connection, fed through a queue.

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// What the client sent.
pub(super) type Input = mpsc::UnboundedReceiver<Vec<u8>>;

/// What a channel runs. Dropping it ends the task and closes all that it holds.
#[derive(Debug)]
pub(super) struct Running {
    /// Without a limit: a session that waits for a slow reader here would no longer carry that reader's output, and
    /// `cat` with a large input would never end.
    input: Option<mpsc::UnboundedSender<Vec<u8>>>,
    _open: watch::Sender<()>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Starts the task that takes the input from its queue and serves the channel to its end.
    pub(super) fn start<T>(task: impl FnOnce(Input) -> T) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let (open, closed) = watch::channel(());
        let (input, queue) = mpsc::unbounded_channel();
        let serving = tokio::spawn(unless_closed(closed, task(queue)));
        Self { input: Some(input), _open: open, serving }
    }

    /// Queues bytes that the client sent; they are dropped if nobody reads them any more.
    pub(super) fn input(&self, data: &[u8]) {
        if let Some(input) = &self.input {
            let _ = input.send(data.to_vec());
        }
    }

    /// No more input: its end is seen after the bytes queued so far.
    pub(super) fn end_of_input(&mut self) {
        self.input = None;
    }

    /// Whether the node itself has closed the channel. The library does not tell of a close that answers its own.
    pub(super) fn is_over(&self) -> bool {
        self.serving.is_finished()
    }
}

/// Runs the task until the channel is gone.
async fn unless_closed(mut closed: watch::Receiver<()>, task: impl Future<Output = ()>) {
    tokio::select! {
        () = task => {}
        _ = closed.changed() => {}
    }
}
