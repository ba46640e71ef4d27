#!/bin/sh
# Before the removal. The argument is what dpkg, rpm or apk passes.
set -e

case "$1" in
upgrade | failed-upgrade | deconfigure | 1) exit 0 ;; # The package stays.
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now livechat_exporter.service livechat_exporter.socket || :
fi
