//! The only place that knows etcd-client and protobuf.
