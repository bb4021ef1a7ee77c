//! When messages arrive.

use super::Message;

/// Which of the messages that have travelled long enough arrives first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The one sent first.
    #[default]
    OldestFirst,
    /// The one sent last.
    NewestFirst,
    /// Any.
    Shuffled,
}

/// How messages travel. The same settings and the same seed give the same journey, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Which one arrives first.
    pub order: Order,
    /// How long a message travels at least, in rounds.
    pub min_delay: u64,
    /// How long a message travels at most, in rounds.
    pub max_delay: u64,
    /// What chance begins with.
    pub seed: u64,
}

/// Messages on their way.
#[derive(Clone, Debug)]
pub(super) struct Mailbox {
    delivery: Delivery,
    random: Random,
    round: u64,
    /// With the round from which each may arrive; in the order of sending.
    travelling: Vec<(u64, Message)>,
}

impl Mailbox {
    pub fn new(delivery: Delivery) -> Self {
        Self {
            delivery,
            random: Random(delivery.seed),
            round: 0,
            travelling: Vec::new(),
        }
    }

    pub fn round(&self) -> u64 {
        self.round
    }

    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.travelling.iter().map(|(_, message)| message)
    }

    pub fn send(&mut self, message: Message) {
        let Delivery {
            min_delay, max_delay, ..
        } = self.delivery;
        let delay = min_delay.saturating_add(
            self.random
                .below(max_delay.saturating_sub(min_delay).saturating_add(1)),
        );
        self.travelling.push((self.round.saturating_add(delay), message));
    }

    /// The next message to arrive; rounds pass until there is one.
    pub fn take(&mut self) -> Option<Message> {
        let first_round = self.travelling.iter().map(|(ready, _)| *ready).min()?;
        self.round = self.round.max(first_round);
        let ready: Vec<_> = (0..self.travelling.len())
            .filter(|&i| self.travelling[i].0 <= self.round)
            .collect();
        let chosen = match self.delivery.order {
            Order::OldestFirst => 0,
            Order::NewestFirst => ready.len() - 1,
            Order::Shuffled => self.random.below(ready.len() as u64) as usize,
        };
        Some(self.travelling.remove(ready[chosen]).1)
    }
}

/// SplitMix64: small, well spread, and the same everywhere.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    /// A number less than `limit`; 0 when there is none.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31).checked_rem(limit).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::TxId;
    use super::*;
    use arwen_interface::{BigInt, CallType};

    fn arrivals(delivery: Delivery) -> Vec<u64> {
        let mut mailbox = Mailbox::new(delivery);
        for number in 0..8 {
            mailbox.send(Message {
                tx: TxId(0),
                number,
                from: vec![],
                to: vec![],
                value: BigInt::ZERO,
                data: vec![],
                gas_limit: 0,
                gas_locked: 0,
                call_type: CallType::Direct,
                after_error: false,
            });
        }
        std::iter::from_fn(|| mailbox.take())
            .map(|message| message.number)
            .collect()
    }

    #[test]
    fn messages_arrive_once_each_in_the_order_asked_for() {
        let order = |order| {
            arrivals(Delivery {
                order,
                ..Delivery::default()
            })
        };
        assert_eq!(order(Order::OldestFirst), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(order(Order::NewestFirst), [7, 6, 5, 4, 3, 2, 1, 0]);
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..20 {
            let shuffled = Delivery {
                order: Order::Shuffled,
                min_delay: 1,
                max_delay: 5,
                seed,
            };
            let arrived = arrivals(shuffled);
            assert_eq!(arrivals(shuffled), arrived);
            let mut sorted = arrived.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
            seen.insert(arrived);
        }
        assert!(seen.len() > 15, "seeds make a difference");
    }

    #[test]
    fn delays_alone_reorder_messages() {
        let delayed = Delivery {
            max_delay: 10,
            seed: 3,
            ..Delivery::default()
        };
        assert_ne!(arrivals(delayed), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            arrivals(Delivery {
                min_delay: u64::MAX,
                max_delay: 0,
                ..delayed
            })
            .len(),
            8
        );
    }
}
