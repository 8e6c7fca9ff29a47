#include "client/conn_user.h"
#include "client/test_names.h"
int main(void)
{
    return 0;
}
