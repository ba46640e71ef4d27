#!/bin/sh
# After the removal. The argument is what dpkg, rpm or apk passes.
set -e

case "$1" in
upgrade | failed-upgrade | 1) exit 0 ;; # The package stays.
esac
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
# dpkg has removed config.yml, and the token must not stay behind.
if [ "$1" = purge ]; then
	rm -f /etc/livechat_exporter/rocketchat_user_id /etc/livechat_exporter/rocketchat_auth_token
	rmdir /etc/livechat_exporter 2>/dev/null || :
fi
