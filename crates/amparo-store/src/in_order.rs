//! Work on all cores whose results come in the order of what was worked on.
//!
//! One thread takes the items from where they come, workers do them in turn, and the caller's
//! thread takes the results. Each is only a few items ahead of the next, so memory stays bounded
//! however many there are.

use std::sync::mpsc::{self, Receiver};
use std::thread;

/// Threads that work; the one that takes their results cannot follow more.
const WORKERS_MAX: usize = 4;
/// Items that wait before each worker, and results that wait behind it.
const AHEAD_MAX: usize = 4;

/// Does `work` on every item, and gives the results to `take` in the order of the items.
///
/// # Errors
/// The first one of `take`, after which nothing more is taken.
pub fn in_order<T: Send, R: Send, E>(
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = &work;
        let (feeds, results): (Vec<_>, Vec<Receiver<R>>) = (0..cores.min(WORKERS_MAX))
            .map(|_| {
                let (feed, fed) = mpsc::sync_channel(AHEAD_MAX);
                let (done, result) = mpsc::sync_channel(AHEAD_MAX);
                scope.spawn(move || {
                    for item in fed {
                        // Whoever takes has met an error, and wants no more.
                        if done.send(work(item)).is_err() {
                            break;
                        }
                    }
                });
                (feed, result)
            })
            .unzip();
        scope.spawn(move || {
            for (item, feed) in items.zip(feeds.iter().cycle()) {
                if feed.send(item).is_err() {
                    break;
                }
            }
        });
        for result in results.iter().cycle() {
            // The first worker without a result was not fed any more, or has panicked, which the
            // scope passes on.
            let Ok(result) = result.recv() else { break };
            take(result)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_every_item_once() {
        for items in [0, 1, 2, 3, 1000] {
            let mut taken = Vec::new();
            let done: Result<(), ()> = in_order(
                0..items,
                |item: u64| item * item,
                |square| {
                    taken.push(square);
                    Ok(())
                },
            );
            assert_eq!(done, Ok(()));
            assert!(taken.into_iter().eq((0..items).map(|n| n * n)));
        }
    }

    #[test]
    fn an_error_ends_it() {
        let mut taken = 0;
        let ended = in_order(
            0..1_000_000_u32,
            |item| item,
            |item| {
                taken += 1;
                if item == 10 { Err("enough") } else { Ok(()) }
            },
        );
        assert_eq!((ended, taken), (Err("enough"), 11));
    }
}
