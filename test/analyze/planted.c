/* A fault that each analyzer must find, or make analyze has found nothing. */
int planted(int n);

int
planted(int n)
{
	int *p = 0;

	if (n > 3)
		p = &n;
	return *p;
}
