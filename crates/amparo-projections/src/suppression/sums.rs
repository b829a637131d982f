//! The published numbers as a system of sums, and which of them follow from the others.
//!
//! Each number stands in the sum of its line, over all groups, and the held line and its states
//! stand in a second sum, that of their group. So a withheld number is an edge of a graph whose
//! points are sums: between its two sums, or between its one sum and a point that is no sum. It
//! follows from what is shown exactly when it lies in no cycle of that graph: when it is a bridge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A number of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// Which line it is of.
    pub(super) line: usize,
    /// Which group it is of; [`Sums::EVERYBODY`] for the total.
    pub(super) group: usize,
    /// Whether it stands in the sum that makes up the held line.
    pub(super) is_of_held: bool,
    /// The count.
    pub(super) count: u64,
    /// Whether it must be withheld.
    pub(super) is_small: bool,
}

/// The tables, with what is withheld of them so far.
pub(super) struct Sums {
    numbers: Vec<Number>,
    withheld: Vec<bool>,
    below: u64,
    lines: usize,
    /// How many points the graph has: the lines, the groups, and the one that is no sum.
    points: usize,
}

/// The edge of a number: the two points that it joins.
type Edge = [usize; 2];
/// For each point the points next to it, each with the number between.
type Around = Vec<Vec<(usize, usize)>>;

impl Sums {
    /// The group of the numbers over all groups.
    pub(super) const EVERYBODY: usize = 0;

    pub(super) fn new(numbers: Vec<Number>, below: u64) -> Self {
        let most = |of: fn(&Number) -> usize| numbers.iter().map(of).max().map_or(0, |n| n + 1);
        let lines = most(|number| number.line);
        Self {
            withheld: numbers.iter().map(|number| number.is_small).collect(),
            points: lines + most(|number| number.group) + 1,
            lines,
            below,
            numbers,
        }
    }

    /// What is withheld in the end, in the order of the numbers.
    pub(super) fn protected(mut self) -> Vec<bool> {
        let is_everybody = |number: &Number| number.group == Self::EVERYBODY;
        // The totals by themselves first: no line is a sum yet.
        let alone = |sums: &Self, number: &Number| {
            is_everybody(number).then(|| [sums.of_group(number), sums.no_sum()])
        };
        self.protect(alone, is_everybody);
        // Then the groups, beside totals that stand as they are.
        let beside = |sums: &Self, number: &Number| Some([number.line, sums.of_group(number)]);
        self.protect(beside, |number| !is_everybody(number));
        self.withheld
    }

    /// The point that is no sum.
    fn no_sum(&self) -> usize {
        self.points - 1
    }

    /// The sum of a number within its group, or the point that is none.
    fn of_group(&self, number: &Number) -> usize {
        match number.is_of_held {
            true => self.lines + number.group,
            false => self.no_sum(),
        }
    }

    /// Withholds more numbers until nothing withheld follows from what is shown.
    ///
    /// Beside a bridge goes the cheapest way around it, beside a thin sum the smallest of its
    /// other numbers. Where there is no way around, all that may be withheld is.
    fn protect(
        &mut self,
        edge: impl Fn(&Self, &Number) -> Option<Edge>,
        may_be: impl Fn(&Number) -> bool,
    ) {
        let numbers = self.numbers.iter();
        let edges: Vec<_> = numbers.map(|number| edge(self, number)).collect();
        let may_be: Vec<_> = self.numbers.iter().map(may_be).collect();
        let mut given_up = vec![false; self.points];
        loop {
            if let Some(bridge) = self.bridge(&edges) {
                let around = self.way_around(&edges, &may_be, bridge);
                let more = around.unwrap_or_else(|| {
                    let open = |n: &usize| may_be[*n] && !self.withheld[*n];
                    (0..self.numbers.len()).filter(open).collect()
                });
                if more.is_empty() {
                    return;
                }
                more.into_iter().for_each(|n| self.withheld[n] = true);
            } else if let Some(point) = self.thin_sum(&edges, &given_up) {
                let of_it = |n: &usize| edges[*n].is_some_and(|edge| edge.contains(&point));
                let open = (0..self.numbers.len()).filter(|n| may_be[*n] && !self.withheld[*n]);
                match open.filter(of_it).min_by_key(|n| self.numbers[*n].count) {
                    Some(n) => self.withheld[n] = true,
                    // All of it is withheld, and so is its total, or that is small.
                    None => given_up[point] = true,
                }
            } else {
                return;
            }
        }
    }

    /// A sum of which something is withheld, and all of it together is a small number.
    fn thin_sum(&self, edges: &[Option<Edge>], given_up: &[bool]) -> Option<usize> {
        let mut withheld = vec![None; self.no_sum()];
        for (n, edge) in edges.iter().enumerate().filter(|(n, _)| self.withheld[*n]) {
            for point in edge.iter().flatten() {
                if let Some(sum) = withheld.get_mut(*point) {
                    *sum = Some(sum.unwrap_or(0) + self.numbers[n].count);
                }
            }
        }
        let is_thin = |sum: &Option<u64>| sum.is_some_and(|sum| sum < self.below);
        let mut sums = withheld.iter().zip(given_up);
        sums.position(|(sum, given_up)| is_thin(sum) && !given_up)
    }

    /// A withheld number that lies in no cycle of those that are withheld.
    fn bridge(&self, edges: &[Option<Edge>]) -> Option<usize> {
        first_bridge(&self.around(edges, |n| self.withheld[n]))
    }

    /// The numbers to withhold so that a bridge comes to lie in a cycle: those of the least sum,
    /// by the method of Dijkstra (1959).
    fn way_around(
        &self,
        edges: &[Option<Edge>],
        may_be: &[bool],
        bridge: usize,
    ) -> Option<Vec<usize>> {
        let [start, end] = edges[bridge]?;
        let around = self.around(edges, |n| n != bridge && (self.withheld[n] || may_be[n]));
        let cost = |n: usize| {
            if self.withheld[n] {
                0
            } else {
                self.numbers[n].count
            }
        };
        let mut came_by = vec![None; self.points];
        let mut least = vec![u64::MAX; self.points];
        let mut to_visit = BinaryHeap::from([Reverse((0u64, start))]);
        least[start] = 0;
        while let Some(Reverse((so_far, point))) = to_visit.pop() {
            for (other, n) in &around[point] {
                let sum = so_far.saturating_add(cost(*n));
                if sum < least[*other] {
                    least[*other] = sum;
                    came_by[*other] = Some((point, *n));
                    to_visit.push(Reverse((sum, *other)));
                }
            }
        }
        let mut way = Vec::new();
        let mut point = end;
        while point != start {
            let (before, n) = came_by[point]?;
            way.push(n);
            point = before;
        }
        way.retain(|n| !self.withheld[*n]);
        Some(way)
    }

    /// For each point the edges that end there, with the points at their other ends.
    fn around(&self, edges: &[Option<Edge>], takes: impl Fn(usize) -> bool) -> Around {
        let mut around = vec![Vec::new(); self.points];
        for (n, edge) in edges.iter().enumerate().filter(|(n, _)| takes(*n)) {
            if let Some([a, b]) = edge {
                around[*a].push((*b, n));
                around[*b].push((*a, n));
            }
        }
        around
    }
}

/// An edge without which the graph would fall apart, by the method of Tarjan (1974): one walk in
/// depth, without recursion, finds an edge to a point from which nothing leads back above it.
fn first_bridge(around: &Around) -> Option<usize> {
    struct Visit {
        point: usize,
        came_by: Option<usize>,
        next: usize,
    }
    let mut order = vec![None::<usize>; around.len()];
    let mut low = vec![usize::MAX; around.len()];
    let mut seen = 0;
    for start in 0..around.len() {
        if order[start].is_some() {
            continue;
        }
        let mut walk = vec![Visit {
            point: start,
            came_by: None,
            next: 0,
        }];
        while let Some(visit) = walk.last_mut() {
            let Visit {
                point,
                came_by,
                next,
            } = *visit;
            let reached = *order[point].get_or_insert_with(|| {
                low[point] = seen;
                seen += 1;
                seen - 1
            });
            match around[point].get(next) {
                Some((other, edge)) => {
                    visit.next += 1;
                    match order[*other] {
                        _ if Some(*edge) == came_by => {}
                        Some(above) => low[point] = low[point].min(above),
                        None => walk.push(Visit {
                            point: *other,
                            came_by: Some(*edge),
                            next: 0,
                        }),
                    }
                }
                None => {
                    walk.pop();
                    let (Some(above), Some(edge)) = (walk.last(), came_by) else {
                        continue;
                    };
                    low[above.point] = low[above.point].min(low[point]);
                    if low[point] == reached {
                        return Some(edge);
                    }
                }
            }
        }
    }
    None
}
