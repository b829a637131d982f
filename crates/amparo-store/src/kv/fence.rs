//! Keeping a library's panics in: they become errors, and print nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use super::KvError;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call of sled; a panic in it becomes `Damaged` and prints nothing.
pub(super) fn fence<T>(call: impl FnOnce() -> T) -> Result<T, KvError> {
    quieten_sled();
    let outer = FENCED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    FENCED.set(outer);
    outcome.map_err(|_| KvError::Damaged("its files could not be understood".to_owned()))
}

/// Puts a filter before the program's panic hook, once: panics inside a fence, or on sled's own
/// threads, are reported as errors and must not also be printed. All others pass through.
fn quieten_sled() {
    static QUIETENED: Once = Once::new();
    if std::thread::panicking() {
        return; // the hook cannot be changed now; the next call will do it
    }
    QUIETENED.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let on_sled_thread = thread
                .name()
                .is_some_and(|name| name.starts_with("sled-io-"));
            if !FENCED.get() && !on_sled_thread {
                hook(info);
            }
        }));
    });
}
