//! Controls that know no model.
