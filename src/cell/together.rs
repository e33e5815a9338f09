//! Waiting for several things at once that all borrow from the same place, so that no task of their own can have them.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// Waits until all have ended, and gives what each came to, in their order.
pub(super) async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut under_way: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut is_done = true;
        for (future, output) in under_way.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(done) => *output = Some(done),
                Poll::Pending => is_done = false,
            }
        }
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    under_way.into_iter().filter_map(|(_, output)| output).collect()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    #[tokio::test]
    async fn each_goes_on_while_another_waits() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let waits: Pin<Box<dyn Future<Output = u8>>> = Box::pin(async { receiver.await.expect("a word") });
        let tells: Pin<Box<dyn Future<Output = u8>>> = Box::pin(async {
            sender.send(7).expect("somebody waits");
            8
        });
        assert_eq!(together(vec![waits, tells]).await, [7, 8]);
        assert!(together(Vec::<std::future::Ready<u8>>::new()).await.is_empty());
    }
}
