/*
 * A PKCS#11 library in front of the one that HSM_LIBRARY names. All calls go through to it, but C_Sign also does
 * what is written in the file that HSM_FAULT names, if that is there:
 *   sleep <milliseconds>   takes so long
 *   return <code>          fails
 *   once <code>            fails this time, and removes the file
 *   spoil 0                gives a signature with a wrong bit
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pkcs11/pkcs11.h>

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST faulty;

static CK_RV fault(int *spoil)
{
  char word[16];
  unsigned long number;
  const char *path = getenv("HSM_FAULT");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file)
    return CKR_OK;
  int read = fscanf(file, "%15s %lu", word, &number);
  fclose(file);
  if (read != 2)
    return CKR_GENERAL_ERROR;
  *spoil = !strcmp(word, "spoil");
  if (!strcmp(word, "sleep"))
  {
    struct timespec pause = {number / 1000, (number % 1000) * 1000000L};
    nanosleep(&pause, NULL);
    return CKR_OK;
  }
  if (!strcmp(word, "once"))
    unlink(path);
  return number;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR out, CK_ULONG_PTR size)
{
  int spoil = 0;
  CK_RV failed = fault(&spoil);
  CK_RV returned = real->C_Sign(session, data, length, out, size); /* which ends the operation */
  if (spoil && out && returned == CKR_OK)
    out[0] ^= 1;
  return failed ? failed : returned;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
  if (!real)
  {
    void *library = dlopen(getenv("HSM_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = library ? (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&real) != CKR_OK)
      return CKR_GENERAL_ERROR;
    faulty = *real;
    faulty.C_Sign = sign;
  }
  *list = &faulty;
  return CKR_OK;
}
