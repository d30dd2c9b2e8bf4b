/* A Modbus server made with libmodbus: server tcp PORT, or server rtu DEVICE BAUD.
 *
 * Unit 1 holds 100 of everything: coil n is on when n is a multiple of 3, discrete input n
 * when of 5, holding register n is 1000 + n, input register n is 2000 + n. Over TCP it
 * serves several masters at once. */
#include <modbus.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { MANY = 100 };

static void die(const char *what)
{
    fprintf(stderr, "server: %s: %s\n", what, modbus_strerror(errno));
    exit(1);
}

static modbus_mapping_t *fill(void)
{
    modbus_mapping_t *map = modbus_mapping_new(MANY, MANY, MANY, MANY);
    if (!map)
        die("memory");
    for (int n = 0; n < MANY; n++) {
        map->tab_bits[n] = n % 3 == 0;
        map->tab_input_bits[n] = n % 5 == 0;
        map->tab_registers[n] = 1000 + n;
        map->tab_input_registers[n] = 2000 + n;
    }
    return map;
}

static void line(modbus_t *ctx, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
    modbus_set_slave(ctx, 1);
    if (modbus_connect(ctx) != 0)
        die("open the line");
    for (;;) {
        int n = modbus_receive(ctx, query);
        if (n > 0)
            modbus_reply(ctx, query, n, map);
        else if (n < 0 && (errno == EIO || errno == EBADF))
            return;
    }
}

static void hosts(modbus_t *ctx, modbus_mapping_t *map)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int listener = modbus_tcp_listen(ctx, 8), last = listener;
    fd_set all;
    if (listener < 0)
        die("listen");
    FD_ZERO(&all);
    FD_SET(listener, &all);
    for (;;) {
        fd_set ready = all;
        if (select(last + 1, &ready, NULL, NULL, NULL) < 0)
            die("select");
        for (int fd = 0; fd <= last; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == listener) {
                int client = modbus_tcp_accept(ctx, &listener);
                if (client >= 0) {
                    FD_SET(client, &all);
                    last = client > last ? client : last;
                }
                continue;
            }
            modbus_set_socket(ctx, fd);
            int n = modbus_receive(ctx, query);
            if (n > 0) {
                modbus_reply(ctx, query, n, map);
            } else if (n < 0) {
                close(fd);
                FD_CLR(fd, &all);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "tcp")) {
        hosts(modbus_new_tcp("127.0.0.1", atoi(argv[2])), fill());
    } else if (argc == 4 && !strcmp(argv[1], "rtu")) {
        line(modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1), fill());
    } else {
        fprintf(stderr, "usage: server tcp PORT | rtu DEVICE BAUD\n");
        return 2;
    }
    return 0;
}
