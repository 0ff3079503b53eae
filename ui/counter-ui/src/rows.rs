//! Lists that change in place: a row that is being typed into keeps its focus when the daemon
//! sends a new view.

use std::rc::Rc;

use slint::{Model, ModelRc, VecModel};

/// A model and the rows it was last filled from.
pub(crate) struct Rows<S, T: 'static> {
    seen: Vec<S>,
    model: Rc<VecModel<T>>,
}

impl<S, T: Clone + 'static> Default for Rows<S, T> {
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            model: Rc::new(VecModel::default()),
        }
    }
}

impl<S: Clone + PartialEq, T: Clone + 'static> Rows<S, T> {
    /// For the Slint side.
    pub(crate) fn model(&self) -> ModelRc<T> {
        ModelRc::from(Rc::clone(&self.model))
    }

    /// Touches only the rows that differ.
    pub(crate) fn show(&mut self, rows: &[S], draw: impl Fn(&S) -> T) {
        for (index, row) in rows.iter().enumerate() {
            match self.seen.get(index) {
                Some(seen) if seen == row => {}
                Some(_) => self.model.set_row_data(index, draw(row)),
                None => self.model.push(draw(row)),
            }
        }
        while self.model.row_count() > rows.len() {
            self.model.remove(self.model.row_count() - 1);
        }
        rows.clone_into(&mut self.seen);
    }
}

/// A list that is small and whole each time.
pub(crate) fn list<T: Clone + 'static>(rows: impl IntoIterator<Item = T>) -> ModelRc<T> {
    ModelRc::new(rows.into_iter().collect::<VecModel<T>>())
}
