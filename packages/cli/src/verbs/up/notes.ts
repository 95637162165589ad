/** What stands below the options in the help of `boatload up`. */
export const upNotes = `
Environment:
  ADMINHASH              hash of the password of the user admin (see: boatload help
                         hash-password). Without it and without --users the log-in is
                         admin/admin, and only loopback addresses are listened on.
  http_proxy, https_proxy, no_proxy
                         the proxy to fetch through, unless --fetch-proxy says otherwise;
                         no_proxy holds for --fetch-proxy too
  BOATLOAD_S3_ENDPOINT   URL of the S3 service of --fetch-s3 (default: Amazon's)
  AWS_REGION             its region
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
                         the log-in at it; both or none
  BOATLOAD_…             as noted at each option; an option on the command line goes
                         before it.

Examples:
  boatload up
        on http://127.0.0.1:8000, with this machine's Docker Engine
  ADMINHASH="$(boatload hash-password)" boatload up --host 0.0.0.0
        for the whole network, with a password
  boatload up --users data/data.json --fetch-allow 127.0.0.0/8
        with the users of a file, and data URLs that lead to this machine
  boatload up --fetch-deny '*' --fetch-allow 'data.example.org,*.example.com:443'
        with URLs that lead to these hosts and nowhere else
  boatload up --fetch-files /mnt/shared --fetch-s3 results/2026
        with file:///mnt/shared/… and s3://results/2026/… as URLs, too`;
