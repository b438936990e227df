#!/bin/sh
# Creates your own certificate authority and a certificate for 127.0.0.1 and localhost, valid for 30 days.
#   sh certificates.sh FOLDER   # ca.pem for clients; server.pem and server.key for the server
set -eu
umask 077
config=$(cd "$(dirname "$0")" && pwd)/certificates.cnf
mkdir -p "$1"
cd "$1"

openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl req -x509 -new -key ca.key -sha256 -days 30 -config "$config" -extensions authority -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout -out server.key
openssl req -new -key server.key -config "$config" -out server.csr
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 30 \
  -extfile "$config" -extensions server -out server.pem
# Clients that trust this authority trust everything its key signs, so the key goes.
rm ca.key server.csr ./*.srl
