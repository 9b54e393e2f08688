#include "cinit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/netlink.h>
#include <linux/rtc.h>
#include <linux/rtnetlink.h>
#include <linux/watchdog.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RESULT(call) ((call) < 0 ? -errno : 0)

static int netlink(int protocol, unsigned groups, int flags) {
    struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int file = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);
    if (file < 0) return -errno;
    int result = RESULT(bind(file, (struct sockaddr *)&name, sizeof name));
    if (result == 0) return file;
    close(file);
    return result;
}

int cinit_set_watchdog(int file, int seconds) {
    return ioctl(file, WDIOC_SETTIMEOUT, &seconds) < 0 ? -errno : seconds;
}

int cinit_device_events(void) { return netlink(NETLINK_KOBJECT_UEVENT, 1, SOCK_NONBLOCK); }

int cinit_route_socket(void) { return netlink(NETLINK_ROUTE, 0, 0); }

int cinit_route_request(int socket, const void *message, int length) {
    _Alignas(struct nlmsghdr) char answer[8192];
    if (send(socket, message, length, 0) != length) return -errno;
    ssize_t size = recv(socket, answer, sizeof answer, 0);
    if (size < (ssize_t)sizeof(struct nlmsghdr)) return size < 0 ? -errno : -EIO;
    struct nlmsghdr *header = (struct nlmsghdr *)answer;
    if (header->nlmsg_type != NLMSG_ERROR || size < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) return -EIO;
    return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
}

int cinit_interface_index(const char *name) {
    unsigned index = if_nametoindex(name);
    return index ? (int)index : -errno;
}

static int interface_request(const char *name, unsigned long request, struct ifreq *facts) {
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -errno;
    strncpy(facts->ifr_name, name, IFNAMSIZ - 1);
    int result = RESULT(ioctl(file, request, facts));
    close(file);
    return result;
}

int cinit_loopback_up(void) {
    struct ifreq facts = {.ifr_flags = IFF_UP | IFF_RUNNING};
    return interface_request("lo", SIOCSIFFLAGS, &facts);
}

int cinit_hardware_address(const char *name, uint8_t bytes[6]) {
    struct ifreq facts = {0};
    int result = interface_request(name, SIOCGIFHWADDR, &facts);
    if (result < 0) return result;
    if (facts.ifr_hwaddr.sa_family != ARPHRD_ETHER) return -ENODEV;
    memcpy(bytes, facts.ifr_hwaddr.sa_data, 6);
    return 0;
}

int64_t cinit_hardware_clock(const char *path) {
    struct rtc_time facts;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int result = RESULT(ioctl(file, RTC_RD_TIME, &facts));
    close(file);
    if (result < 0) return result;
    struct tm time = {.tm_sec = facts.tm_sec, .tm_min = facts.tm_min, .tm_hour = facts.tm_hour,
                      .tm_mday = facts.tm_mday, .tm_mon = facts.tm_mon, .tm_year = facts.tm_year};
    return timegm(&time);
}

int cinit_has_power_key(int file) {
    unsigned char keys[KEY_MAX / 8 + 1];
    memset(keys, 0, sizeof keys);
    if (ioctl(file, EVIOCGBIT(EV_KEY, sizeof keys), keys) < 0) return 0;
    return keys[KEY_POWER / 8] >> (KEY_POWER % 8) & 1;
}

int cinit_read_power_key(int file) {
    struct input_event event;
    int pressed = 0;
    ssize_t size;
    while ((size = read(file, &event, sizeof event)) == sizeof event)
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) pressed = 1;
    if (pressed) return 1;
    return size < 0 && errno != EAGAIN ? -errno : 0;
}
